/** Profiles of the server itself, at the place where MediaMTX has pprof. */
export { createProfiles } from "./handler.ts";
