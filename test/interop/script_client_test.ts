/**
 * What users' scripts for MediaMTX do: plain requests, and only fields that MediaMTX publishes. Nothing here knows the
 * server's own schema.
 */
import { equal, match, ok } from "../support/assert.ts";
import { eventually } from "./support/api.ts";
import { Client } from "./support/client.ts";
import { ffmpegPublish } from "./support/ffmpeg.ts";
import { MediaFolder } from "./support/media.ts";
import { type Config, TestServer } from "./support/server.ts";

type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
type Item = { [key: string]: Json };

/** `curl -X method url -d body`. */
async function curl(method: string, url: string, body?: Json): Promise<{ status: number; json: Item }> {
  const answer = await fetch(url, { method, body: body === undefined ? undefined : JSON.stringify(body) });
  return { status: answer.status, json: await answer.json() };
}

/** All items of a list, page after page. */
async function listAll(url: string, itemsPerPage = 2): Promise<Item[]> {
  const items: Item[] = [];
  for (let page = 0;; page++) {
    const { json } = await curl("GET", `${url}?page=${page}&itemsPerPage=${itemsPerPage}`);
    items.push(...json.items as Item[]);
    if (page + 1 < Number(json.pageCount)) continue;
    equal(items.length, json.itemCount);
    return items;
  }
}

function pathOf(api: string, name: string): Promise<Item | undefined> {
  return listAll(`${api}/v3/paths/list`).then((items) => items.find((item) => item.name === name));
}

function untilReady(api: string, name: string, ready = true): Promise<Item> {
  return eventually(
    `${name} to be ${ready ? "" : "not "}ready`,
    () => pathOf(api, name),
    (path) => path?.ready === ready,
  ) as Promise<Item>;
}

/** The list in which a source or a reader is found, by its type. */
const lists: Readonly<Record<string, string>> = {
  rtspSession: "rtspsessions",
  rtmpConn: "rtmpconns",
  srtConn: "srtconns",
};

const endless = { endless: true };

const config: Config = {
  api: true,
  rtmp: true,
  srt: true,
  hls: true,
  hlsAlwaysRemux: true,
  paths: { a: null, b: null, c: null },
};

const timePattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;
const uuidPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** What dashboards show of a path, its publisher and the server's lists. */
async function watch(api: string): Promise<void> {
  for (
    const [name, type, protocol] of [["a", "rtspSession", "RTSP"], ["b", "rtmpConn", "RTMP"], [
      "c",
      "srtConn",
      "SRT",
    ]]
  ) {
    const path = await eventually(
      `bytes of ${protocol}`,
      () => untilReady(api, name),
      ({ bytesReceived }) => Number(bytesReceived) > 0,
    );
    const source = path.source as Item;
    equal([path.confName, source.type, path.tracks, path.readers], [name, type, ["H264"], []]);
    match(String(path.readyTime), timePattern);
    match(String(source.id), uuidPattern);
    equal(typeof path.bytesSent, "number");
    const item = (await listAll(`${api}/v3/${lists[type]}/list`)).find(({ id }) => id === source.id)!;
    equal([item.state, item.path], ["publish", name]);
    match(String(item.created), timePattern);
    match(String(item.remoteAddr), /^127\.0\.0\.1:\d+$/);
    ok(Number(item.bytesReceived) > 0, protocol);
    equal((await curl("GET", `${api}/v3/${lists[type]}/get/${source.id}`)).json.id, source.id);
  }
  const [session] = await listAll(`${api}/v3/rtspsessions/list`);
  equal([session.transport, session.query], ["TCP", "user=script"]);
  const [conn] = await listAll(`${api}/v3/rtspconns/list`);
  match(String(conn.id), uuidPattern);
  const muxers = await eventually(
    "all muxers",
    () => listAll(`${api}/v3/hlsmuxers/list`),
    ({ length }) => length === 3,
  );
  equal(muxers.map(({ path }) => path).sort(), ["a", "b", "c"]);
  for (const { created, lastRequest, bytesSent } of muxers) {
    match(String(created), timePattern);
    match(String(lastRequest), timePattern);
    equal(typeof bytesSent, "number");
  }
}

/** Throws the publisher out by what the path says of it. */
async function kickPublisher(api: string, name: string, publisher: Client): Promise<void> {
  const { type, id } = (await untilReady(api, name)).source as Item;
  const url = `${api}/v3/${lists[String(type)]}/kick/${id}`;
  equal((await curl("POST", url)).status, 200, `${type}`);
  equal((await publisher.ended).timedOut, false, `${type}`);
  const path = await untilReady(api, name, false);
  equal([path.source, path.readyTime, path.tracks, path.bytesReceived], [null, null, [], 0]);
  const again = await curl("POST", url);
  equal([again.status, typeof again.json.error], [404, "string"]);
}

/** A path that a script makes, uses and removes. */
async function managePath(api: string, folder: string, publish: (name: string) => Client): Promise<void> {
  {
    await using refused = publish("made/here");
    ok((await refused.ended).code !== 0, "not configured yet");
  }
  const config = `${api}/v3/config/paths`;
  equal((await curl("POST", `${config}/add/made/here`, {})).status, 200);
  equal((await curl("POST", `${config}/add/made/here`, {})).status, 400);
  await using publisher = publish("made/here");
  const before = await untilReady(api, "made/here");
  const recordPath = `${folder}/%path/%Y-%m-%d_%H-%M-%S-%f`;
  for (const record of [true, false]) {
    equal((await curl("PATCH", `${config}/patch/made/here`, { record, recordPath })).status, 200);
    // MediaMTX answers before it is done, and scripts know it.
    await eventually(
      `record: ${record}`,
      () => curl("GET", `${config}/get/made/here`),
      ({ json }) => json.record === record,
    );
  }
  const after = await untilReady(api, "made/here");
  equal([after.source, after.readyTime], [before.source, before.readyTime], "the publisher notices nothing");
  const names = (await listAll(`${config}/list`)).map(({ name }) => name);
  equal(names, ["a", "b", "c", "made/here"]);
  equal((await curl("DELETE", `${config}/delete/made/here`)).status, 200);
  ok((await publisher.ended).code !== 0, "its path is gone");
  equal((await curl("GET", `${api}/v3/paths/get/made/here`)).status, 404);
  equal((await curl("GET", `${config}/get/made/here`)).status, 404);
}

/** A path that pulls another one when somebody wants it. */
async function proxyPath(api: string, server: TestServer): Promise<void> {
  const url = `${api}/v3/config/paths/add/proxy`;
  const body = {
    source: server.rtspUrl("a"),
    sourceOnDemand: true,
    sourceOnDemandStartTimeout: "60s",
    rtspTransport: "tcp",
  };
  equal((await curl("POST", url, body)).status, 200);
  const idle = (await pathOf(api, "proxy"))!;
  equal([idle.ready, idle.source], [false, { type: "rtspSource", id: "" }]);
  const input = ["-v", "error", "-rtsp_transport", "tcp", "-i", server.rtspUrl("proxy")];
  await using reader = new Client("reader", "ffmpeg", [...input, "-f", "null", "-"], {
    timeLimitMs: 120_000,
  });
  const path = await eventually(
    "the reader",
    () => untilReady(api, "proxy"),
    ({ bytesSent }) => Number(bytesSent) > 0,
  );
  const [{ type, id }] = path.readers as Item[];
  equal(type, "rtspSession");
  equal((await curl("GET", `${api}/v3/rtspsessions/get/${id}`)).json.state, "read");
  equal((await curl("POST", `${api}/v3/rtspsessions/kick/${id}`)).status, 200);
  equal((await reader.ended).timedOut, false);
  equal((await curl("DELETE", `${api}/v3/config/paths/delete/proxy`)).status, 200);
}

async function changeGlobals(api: string): Promise<void> {
  const url = `${api}/v3/config/global`;
  equal((await curl("PATCH", `${url}/patch`, { readTimeout: "55s", logLevel: "debug" })).status, 200);
  // MediaMTX starts its API anew then, and scripts know it.
  const known = await eventually(
    "the API",
    () => curl("GET", `${url}/get`).catch(() => null),
    (answer) => answer !== null,
  );
  equal([known?.json.readTimeout, known?.json.logLevel], ["55s", "debug"]);
  const wrong = await curl("PATCH", `${url}/patch`, { noSuchKey: 1 });
  equal([wrong.status, typeof wrong.json.error], [400, "string"]);
}

Deno.test("scripts for MediaMTX's API", async (t) => {
  await using media = new MediaFolder();
  const file = await media.file(["h264"]);
  await using server = await TestServer.start({ config, expectedErrors: /\[API\]/ });
  const api = server.apiUrl;
  await using rtsp = ffmpegPublish(file, `${server.rtspUrl("a")}?user=script`, "TCP", endless);
  await using rtmp = ffmpegPublish(file, server.rtmpUrl("b"), "RTMP", endless);
  await using srt = ffmpegPublish(file, server.srtUrl("publish:c"), "SRT", endless);
  await t.step("watch", () => watch(api));
  await t.step("proxy a path", () => proxyPath(api, server));
  await t.step("kick publishers", async () => {
    await kickPublisher(api, "a", rtsp);
    await kickPublisher(api, "b", rtmp);
    await kickPublisher(api, "c", srt);
  });
  await t.step("change globals", () => changeGlobals(api));
  await t.step(
    "manage a path",
    () => managePath(api, server.folder, (name) => ffmpegPublish(file, server.rtspUrl(name), "TCP", endless)),
  );
});
