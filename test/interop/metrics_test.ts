/** The metrics of a server that runs, as Prometheus would collect them. */
import parsePrometheusTextFormat from "parse-prometheus-text-format";
import { originalNames } from "../admin/metric_names.ts";
import { equal, ok } from "../support/assert.ts";
import { eventually } from "./support/api.ts";
import { createCertificate } from "./support/certificate.ts";
import { ffmpegPublish } from "./support/ffmpeg.ts";
import { MediaFolder } from "./support/media.ts";
import { TestServer } from "./support/server.ts";
import { WhepPlayer } from "./support/whep.ts";

interface Parsed {
  readonly name: string;
  readonly metrics: readonly { readonly value: string; readonly labels?: Record<string, string> }[];
}

// CommonJS without types
const parse = parsePrometheusTextFormat as unknown as (text: string) => Parsed[];

Deno.test("metrics of all servers, with a stream and without", async () => {
  await using certificate = await createCertificate();
  await using media = new MediaFolder();
  const { certFile, keyFile } = certificate;
  await using server = await TestServer.start({
    config: {
      metrics: true,
      rtmp: true,
      hls: true,
      srt: true,
      webrtc: true,
      rtspEncryption: "optional",
      rtspServerCert: certFile,
      rtspServerKey: keyFile,
      rtmpEncryption: "optional",
      rtmpServerCert: certFile,
      rtmpServerKey: keyFile,
    },
  });
  const url = `http://127.0.0.1:${server.ports.metrics}`;
  const get = async (query = "") => parse(await (await fetch(`${url}/metrics${query}`)).text());
  const answer = await fetch(`${url}/metrics`);
  equal(answer.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  const names = new Set(parse(await answer.text()).map(({ name }) => name));
  equal(originalNames.filter((name) => !names.has(name)), []);
  for (const name of ["process_cpu_seconds_total", "event_loop_delay_seconds", "build_info"]) {
    ok(names.has(name));
  }
  await using _publisher = ffmpegPublish(await media.file(["h264"]), server.rtmpUrl("cam"), "RTMP");
  await server.published("cam");
  const value = (families: Parsed[], name: string) =>
    families.find((family) => family.name === name)?.metrics[0] ?? null;
  const live = await eventually(
    "live figures",
    () => get("?path=cam"),
    (families) => Number(value(families, "paths_live_inbound_bitrate")?.value ?? 0) > 0,
  );
  equal(value(live, "paths")?.labels, { name: "cam", state: "ready" });
  ok(live.every(({ name }) => name.startsWith("paths")));
  const conns = await get("?type=rtmp_conns");
  const { labels } = value(conns, "rtmp_conns")!;
  equal([labels?.path, labels?.state], ["cam", "publish"]);
  ok(Number(value(conns, "rtmp_conns_inbound_bytes")?.value) > 0);
  equal(value(await get(`?rtmp_conn=${labels?.id}`), "rtmp_conns")?.value, "1");
  await using _whep = await WhepPlayer.open("WHEP reader", server.ports.webrtc, "cam");
  await using _srt = ffmpegPublish(await media.file(["h264"]), server.srtUrl("publish:other"), "SRT");
  await server.published("other");
  for (
    const [type, counter, path, state] of [
      ["webrtc_sessions", "webrtc_sessions_outbound_rtp_packets", "cam", "read"],
      ["srt_conns", "srt_conns_packets_received", "other", "publish"],
    ]
  ) {
    const families = await eventually(
      counter,
      () => get(`?type=${type}`),
      (found) => Number(value(found, counter)?.value ?? 0) > 0,
    );
    const labels = value(families, type)?.labels;
    equal([labels?.path, labels?.state], [path, state]);
  }
  for (const [method, path] of [["GET", "/"], ["POST", "/metrics"], ["GET", "/metrics/x"]]) {
    const wrong = await fetch(`${url}${path}`, { method });
    equal([wrong.status, await wrong.text()], [404, "404 page not found"]);
  }
});
