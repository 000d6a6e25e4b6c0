import parsePrometheusTextFormat from "parse-prometheus-text-format";
import type { ClientSources } from "../../src/admin/clients/mod.ts";
import { expositionText } from "../../src/admin/metrics/exposition.ts";
import { EventLoopDelay, processFamilies } from "../../src/admin/metrics/mod.ts";
import { families, type MetricsSources } from "../../src/admin/metrics/sections.ts";
import type { PathSnapshot } from "../../src/paths/mod.ts";
import { equal, match, ok } from "../support/assert.ts";
import { originalNames } from "./metric_names.ts";
import { pathLive, pathSnapshot, rtmpConn, rtspSession } from "./support.ts";

interface Parsed {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly metrics: readonly { readonly value: string; readonly labels?: Record<string, string> }[];
}

// CommonJS without types
const parse = parsePrometheusTextFormat as unknown as (text: string) => Parsed[];

const none = { list: () => [] };
const noClients: ClientSources = {
  hlsmuxers: none,
  hlssessions: none,
  rtspconns: none,
  rtspsessions: none,
  rtspsconns: none,
  rtspssessions: none,
  rtmpconns: none,
  rtmpsconns: none,
  srtconns: none,
  webrtcsessions: none,
};

function sourcesOf(paths: readonly PathSnapshot[] = [], clients: ClientSources = noClients): MetricsSources {
  return {
    paths: { list: () => paths },
    clients: () => clients,
    live: { path: (name) => name === "cam" ? pathLive : null, client: () => null },
    process: () => [],
  };
}

function shown(sources: MetricsSources, query = ""): Parsed[] {
  return parse(expositionText(families(sources, new URLSearchParams(query))));
}

/** `name{labels} value` of all samples. */
function samples(parsed: readonly Parsed[], name: string): string[] {
  return parsed.filter((family) => family.name === name).flatMap(({ metrics }) =>
    metrics.map(({ value, labels = {} }) => `${JSON.stringify(labels)} ${value}`)
  );
}

Deno.test("metrics: every name of MediaMTX is there, with help and type, also when nothing is", () => {
  const parsed = shown(sourcesOf());
  const byName = new Map(parsed.map((family) => [family.name, family]));
  for (const name of originalNames) {
    const family = byName.get(name);
    ok(family !== undefined, `${name} is missing`);
    ok(family.help.length > 0, name);
    match(family.type, /^(COUNTER|GAUGE)$/, name);
    equal(family.metrics.map(({ value, labels = {} }) => [value, Object.keys(labels)]), [["0", []]], name);
  }
});

Deno.test("metrics: nothing but MediaMTX's names and those that are known as ours", () => {
  const ours = /_live_|^paths_source_/;
  const others = shown(sourcesOf()).map(({ name }) => name).filter((name) => !originalNames.includes(name));
  equal(others.filter((name) => !ours.test(name)), []);
});

Deno.test("metrics: paths with their readers, live figures and sources", () => {
  const parsed = shown(sourcesOf([
    pathSnapshot({ name: "cam", readers: ["a", "b"] }),
    pathSnapshot({ name: "idle", available: false, pulled: true }),
  ]));
  equal(samples(parsed, "paths"), [
    '{"name":"cam","state":"ready"} 1',
    '{"name":"idle","state":"notReady"} 1',
  ]);
  equal(samples(parsed, "paths_readers"), [
    '{"name":"cam","readerType":"rtspSession","state":"ready"} 2',
    '{"name":"idle","readerType":"","state":"notReady"} 0',
  ]);
  equal(samples(parsed, "paths_inbound_bytes")[0], '{"name":"cam","state":"ready"} 1000');
  equal(samples(parsed, "paths_bytes_received")[0], '{"name":"cam","state":"ready"} 1000');
  equal(samples(parsed, "paths_live_inbound_bitrate"), ['{"name":"cam","state":"ready"} 2000']);
  equal(samples(parsed, "paths_live_frame_rate"), [
    '{"codec":"H264","name":"cam","state":"ready","track":"0"} 25',
  ]);
  equal(samples(parsed, "paths_source_running"), ['{"name":"idle","state":"notReady"} 0']);
  equal(samples(parsed, "paths_source_attempts"), ['{"name":"idle","state":"notReady"} 3']);
});

Deno.test("metrics: sessions and connections, new names and old ones", () => {
  const clients = {
    rtspsessions: { list: () => [rtspSession("11111111-0000-4000-8000-000000000000")] },
    rtmpconns: { list: () => [rtmpConn("22222222-0000-4000-8000-000000000000")] },
  };
  const parsed = shown(sourcesOf([], clients));
  const labels =
    '{"id":"11111111-0000-4000-8000-000000000000","path":"cam","remoteAddr":"192.0.2.1:5","state":"read"}';
  equal(samples(parsed, "rtsp_sessions"), [`${labels} 1`]);
  equal(samples(parsed, "rtsp_sessions_outbound_rtp_packets"), [`${labels} 7`]);
  equal(samples(parsed, "rtsp_sessions_rtp_packets_sent"), [`${labels} 7`]);
  equal(samples(parsed, "rtsp_sessions_inbound_rtp_packets_jitter"), [`${labels} 0.5`]);
  equal(samples(parsed, "rtmp_conns_outbound_frames_discarded")[0].endsWith(" 4"), true);
  equal(parsed.some(({ name }) => name.startsWith("rtsps_") || name.startsWith("hls_")), false);
});

Deno.test("metrics: filters leave what they name", () => {
  const paths = [pathSnapshot({ name: "cam" }), pathSnapshot({ name: "x" })];
  const id = "11111111-0000-4000-8000-000000000000";
  const clients = { ...noClients, rtspsessions: { list: () => [rtspSession(id)] } };
  const sources = sourcesOf(paths, clients);
  const sections = (query: string) =>
    new Set(shown(sources, query).map(({ name }) => name.split("_").slice(0, 2).join("_")));
  ok([...sections("type=paths")].every((name) => name.startsWith("paths")));
  ok([...sections("type=rtmp_conns")].every((name) => name === "rtmp_conns"));
  equal([...sections("type=nothing")], []);
  equal(samples(shown(sources, "path=x"), "paths").length, 1);
  ok([...sections("path=x")].every((name) => name.startsWith("paths")));
  equal(samples(shown(sources, "path=nothing"), "paths"), []);
  equal(samples(shown(sources, `rtsp_session=${id}`), "rtsp_sessions").length, 1);
  equal(samples(shown(sources, "rtsp_session=0"), "rtsp_sessions"), []);
});

Deno.test("metrics: labels are escaped so that the parser reads what was meant", () => {
  const name = 'a"b\\c\nd}{,=';
  const text = expositionText([{
    name: "x",
    type: "gauge",
    help: "with \\ and\nnewline",
    samples: [{ labels: { name, b: "1" }, value: 0.25 }],
  }]);
  equal(text, '# HELP x with \\\\ and\\nnewline\n# TYPE x gauge\nx{b="1",name="a\\"b\\\\c\\nd}{,="} 0.25\n');
  const [family] = parse(text);
  equal(family.metrics[0].labels, { b: "1", name });
});

Deno.test("metrics: the process", async () => {
  const delay = new EventLoopDelay();
  const text = expositionText(processFamilies(Date.UTC(2026, 0), delay));
  await delay.close();
  const parsed = parse(text);
  equal(samples(parsed, "process_start_time_seconds"), [`{} ${Date.UTC(2026, 0) / 1000}`]);
  for (
    const name of ["process_cpu_seconds_total", "process_resident_memory_bytes", "process_heap_used_bytes"]
  ) {
    ok(Number(parsed.find((family) => family.name === name)?.metrics[0].value) > 0, name);
  }
  equal(samples(parsed, "event_loop_delay_seconds").length, 3);
});

/** Names in the expressions of Grafana's panels and of alerts. */
function namesUsed(text: string): string[] {
  const names = text.match(
    /\b(?:paths|hls|rtsps?|rtmps?|process|event_loop|build)_?[a-z0-9_]*\b(?=[{[\s)"]|$)/gm,
  );
  return [...new Set(names ?? [])];
}

Deno.test("the dashboard and the alerts use metrics that exist", async () => {
  const delay = new EventLoopDelay();
  const known = new Set([
    ...shown(sourcesOf()).map(({ name }) => name),
    ...processFamilies(0, delay).map(({ name }) => name),
  ]);
  await delay.close();
  const folder = new URL("../../docs/", import.meta.url);
  const dashboard = JSON.parse(await Deno.readTextFile(new URL("grafana/dashboard.json", folder)));
  const expressions: string[] = dashboard.panels.flatMap(
    (panel: { targets?: { expr: string }[] }) => (panel.targets ?? []).map(({ expr }) => expr),
  );
  const alerts = await Deno.readTextFile(new URL("grafana/alerts.yml", folder));
  const alerting = [...alerts.matchAll(/expr: (.*)/g)].map(([, expression]) => expression);
  ok(expressions.length >= 10 && alerting.length >= 5);
  for (const expression of [...expressions, ...alerting]) {
    const names = namesUsed(expression);
    ok(names.length > 0, `no metric in ${expression}`);
    equal(names.filter((name) => !known.has(name)), [], expression);
  }
});
