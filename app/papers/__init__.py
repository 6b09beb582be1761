"""Papers: documents as PDF, printed from what their rows copied, in the document's own language."""
