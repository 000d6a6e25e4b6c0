/** Figures of the last seconds. */
export {
  type ClientLive,
  clientLiveSchema,
  type PathLive,
  pathLiveSchema,
  type TrackLive,
} from "./schemas.ts";
export { hasLive, type LiveReader, LiveStatistics } from "./statistics.ts";
