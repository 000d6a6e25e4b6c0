/** Commands, webhooks and the event stream: what the server does and tells when something happens. */
export type { EventListeners, ListenRequest } from "./feed.ts";
export type { Party } from "./events.ts";
export { commandGraceMs, type ConnectionInfo, Hooks, type HooksOptions } from "./hooks.ts";
export { PathHooks, type PathHooksOptions } from "./path_hooks.ts";
