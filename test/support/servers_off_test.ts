import { serversOff } from "./servers_off.ts";
import { equal } from "./assert.ts";

Deno.test("the servers that tests switch off", () => {
  const names = ["api", "hls", "metrics", "moq", "playback", "pprof", "rtmp", "rtsp", "srt", "webrtc"];
  equal(serversOff(), Object.fromEntries(names.map((name) => [name, false])));
});
