/** Every server of the configuration switched off: tests listen only where they say so, also when a server is new. */
import { defaultConf } from "../../src/conf/mod.ts";

/** Keys that say where something is, but not where a server listens. */
const elsewhere: readonly string[] = ["authHTTPAddress"];
/** Addresses of the RTSP server that are not named after it. */
const ofRtsp: readonly string[] = ["rtpAddress", "rtcpAddress", "srtpAddress", "srtcpAddress"];

function serverOf(addressKey: string, keys: readonly string[]): string | undefined {
  if (ofRtsp.includes(addressKey)) return "rtsp";
  // `moqQUICAddress` belongs to `moq`, `rtspsAddress` to `rtsp`.
  return keys.find((key) => new RegExp(`^${key}(s?Address|[A-Z]\\w*Address)$`).test(addressKey));
}

/** Throws when there is an address whose server is not known: it might listen in every test. */
export function serversOff(): Record<string, false> {
  const conf = defaultConf();
  const switches = Object.entries(conf).filter(([, value]) => typeof value === "boolean").map(([key]) => key);
  const off: Record<string, false> = {};
  for (const key of Object.keys(conf)) {
    if (!key.endsWith("Address") || elsewhere.includes(key)) continue;
    const server = serverOf(key, switches);
    if (server === undefined) throw new Error(`which key switches off the server that listens on ${key}?`);
    off[server] = false;
  }
  return off;
}
