/** The application. */
export { runApp } from "./app.ts";
export { createProcessHost } from "./host.ts";
