/** Every key there is, in the order of the documented file. */
import type { KeyTable } from "../key.ts";
import { authKeys } from "./auth.ts";
import { connectionHookKeys, logKeys, networkKeys } from "./general.ts";
import { globalRecordKeys } from "./global_record.ts";
import { hlsKeys } from "./hls.ts";
import { apiKeys, metricsKeys, playbackKeys, pprofKeys } from "./http_servers.ts";
import { pathHookKeys } from "./path_hooks.ts";
import { pathAlwaysAvailableKeys, pathForwardKeys, pathRecordKeys } from "./path_output.ts";
import { pathRpiCameraKeys } from "./path_rpi_camera.ts";
import {
  pathCredentialKeys,
  pathGeneralKeys,
  pathOtherSourceKeys,
  pathPublisherKeys,
  pathRtspSourceKeys,
} from "./path_source.ts";
import { rtmpKeys } from "./rtmp.ts";
import { rtspKeys } from "./rtsp.ts";
import { moqKeys, srtKeys } from "./srt_moq.ts";
import { webhooksKeys } from "./webhooks.ts";
import { webrtcKeys } from "./webrtc.ts";

/** The keys at the top of the file, except `pathDefaults` and `paths`. */
export const globalKeys = {
  ...logKeys,
  ...networkKeys,
  ...connectionHookKeys,
  ...webhooksKeys,
  ...authKeys,
  ...apiKeys,
  ...metricsKeys,
  ...pprofKeys,
  ...playbackKeys,
  ...rtspKeys,
  ...rtmpKeys,
  ...hlsKeys,
  ...webrtcKeys,
  ...srtKeys,
  ...moqKeys,
  ...globalRecordKeys,
};

/** The keys of `pathDefaults` and of each entry of `paths`. */
export const pathKeys = {
  ...pathGeneralKeys,
  ...pathAlwaysAvailableKeys,
  ...pathForwardKeys,
  ...pathRecordKeys,
  ...pathCredentialKeys,
  ...pathPublisherKeys,
  ...pathRtspSourceKeys,
  ...pathOtherSourceKeys,
  ...pathRpiCameraKeys,
  ...pathHookKeys,
};

export interface Section {
  readonly title: string;
  readonly keys: KeyTable;
}

export const globalSections: readonly Section[] = [
  { title: "Log", keys: logKeys },
  { title: "Timeouts, queues and UDP", keys: networkKeys },
  { title: "Commands for connections", keys: connectionHookKeys },
  { title: "Webhooks", keys: webhooksKeys },
  { title: "Authentication", keys: authKeys },
  { title: "Control API", keys: apiKeys },
  { title: "Metrics", keys: metricsKeys },
  { title: "Profiling", keys: pprofKeys },
  { title: "Playback of recordings", keys: playbackKeys },
  { title: "RTSP server", keys: rtspKeys },
  { title: "RTMP server", keys: rtmpKeys },
  { title: "HLS server", keys: hlsKeys },
  { title: "WebRTC server", keys: webrtcKeys },
  { title: "SRT server", keys: srtKeys },
  { title: "Media over QUIC server", keys: moqKeys },
  { title: "Old global recording keys", keys: globalRecordKeys },
];

export const pathSections: readonly Section[] = [
  { title: "Source and readers", keys: pathGeneralKeys },
  { title: "Offline segment", keys: pathAlwaysAvailableKeys },
  { title: "Forwarding", keys: pathForwardKeys },
  { title: "Recording", keys: pathRecordKeys },
  { title: "Old credentials", keys: pathCredentialKeys },
  { title: "With source 'publisher'", keys: pathPublisherKeys },
  { title: "With an RTSP source", keys: pathRtspSourceKeys },
  { title: "With other sources", keys: pathOtherSourceKeys },
  { title: "With source 'rpiCamera'", keys: pathRpiCameraKeys },
  { title: "Commands", keys: pathHookKeys },
];
