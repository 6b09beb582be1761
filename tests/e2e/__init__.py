"""The portal, the console and GraphiQL in a real Chromium, over a real server and the demo company."""
