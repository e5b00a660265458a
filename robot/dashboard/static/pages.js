// Every page: where it is, what it is called, who may see it, and which module draws it.

export const PAGES = {
  "/": { title: "today", module: "./page_today.js", right: "look", place: "first" },
  "/row": { title: "row", module: "./page_row.js", right: "look", place: "first" },
  "/live": { title: "live", module: "./page_live.js", right: "look", place: "first", pictures: true },
  "/alerts": { title: "alerts", module: "./page_alerts.js", right: "look", place: "first" },
  "/plan": { title: "plan", module: "./page_plan.js", right: "look", place: "more" },
  "/results": { title: "results", module: "./page_results.js", right: "look", place: "more" },
  "/history": { title: "history", module: "./page_history.js", right: "look", place: "more" },
  "/workshop": { title: "workshop", module: "./page_workshop.js", right: "tune", place: "more" },
  "/users": { title: "users", module: "./page_admin.js", draws: "usersPage", right: "manage", place: "more" },
  "/tokens": { title: "tokens", module: "./page_admin.js", draws: "tokensPage", right: "manage", place: "more" },
  "/audit": { title: "audit", module: "./page_audit.js", draws: "auditPage", right: "audit", place: "more" },
  "/account": { title: "account", module: "./page_account.js", draws: "accountPage", right: "account", place: "more" },
  "/sign-in": { title: "sign_in", module: "./page_account.js", draws: "signInPage" },
  "/setup": { title: "set_up", module: "./page_account.js", draws: "setUpPage" },
};

export const path = Object.hasOwn(PAGES, location.pathname) ? location.pathname : "/";
export const page = PAGES[path];
