// Starts GraphiQL with the viewer's session and the examples that their view of the schema allows.
"use strict";

(() => {
  const root = document.getElementById("graphiql");
  const tabs = JSON.parse(root.dataset.tabs);
  // What one user typed is not shown to the next one at the same browser.
  const prefix = `ventas:${root.dataset.storage}:`;
  const storage = {
    getItem: (key) => localStorage.getItem(prefix + key),
    setItem: (key, value) => localStorage.setItem(prefix + key, value),
    removeItem: (key) => localStorage.removeItem(prefix + key),
    clear: () => Object.keys(localStorage).filter((key) => key.startsWith(prefix)).forEach((key) => localStorage.removeItem(key)),
    get length() { return Object.keys(localStorage).filter((key) => key.startsWith(prefix)).length; },
  };

  const fetcher = async (request, options) => {
    const answer = await fetch("/graphql", {
      method: "POST",
      credentials: "same-origin",
      headers: { ...(options && options.headers), "Content-Type": "application/json" },
      body: JSON.stringify({ query: request.query, variables: request.variables, operationName: request.operationName }),
    });
    if (answer.status === 401) {
      location.assign("/login?next=/graphiql");
    }
    return answer.json();
  };

  const graphiql = React.createElement(GraphiQL, {
    fetcher,
    storage,
    // GraphiQL opens the first of its tabs; an empty list has none, and it would stop there.
    defaultTabs: tabs.length ? tabs : undefined,
    plugins: [GraphiQLPluginExplorer.explorerPlugin()],
    shouldPersistHeaders: false,
    isHeadersEditorEnabled: true,
  });
  ReactDOM.createRoot(root).render(graphiql);
})();
