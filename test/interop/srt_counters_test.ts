/** Lossy ways to real clients, and whether the counters of the API are what libsrt counts on the other side. */
import { equal, ok } from "../support/assert.ts";
import { eventually } from "./support/api.ts";
import { type Evidence, expectComplete } from "./support/evidence.ts";
import { ffmpegPublish, ffmpegReadSrt } from "./support/ffmpeg.ts";
import { LossyRelay } from "./support/lossy_relay.ts";
import { MediaFolder } from "./support/media.ts";
import { publish, together } from "./support/scenario.ts";
import { TestServer } from "./support/server.ts";
import { SrtApi } from "./support/srt_api.ts";
import type { SrtConnSnapshot } from "../../src/protocols/srt/mod.ts";

/** Seconds of media through each lossy link; 60 by hand. */
const lossySeconds = Number(Deno.env.get("SRT_LOSSY_SECONDS") ?? 8);
/**
 * Milliseconds of latency besides the four round trips that a link of 5 % needs: clients, relay and server share a few
 * busy cores, and a process that does not get the processor in time drops packets, whatever the other side does. What
 * four round trips are enough for is proven by simulation (`test/protocols/srt/engine/`); 0 by hand, on an idle machine.
 */
const machineMs = Number(Deno.env.get("SRT_LOSSY_MACHINE_MS") ?? 8000);

interface Link {
  readonly server: TestServer;
  readonly api: SrtApi;
  readonly file: string;
}

/** Both connections of a path, as they were last seen together. */
class Watch {
  #stopped = false;
  readonly #done: Promise<void>;
  publisher: SrtConnSnapshot | null = null;
  reader: SrtConnSnapshot | null = null;

  constructor(api: SrtApi, path: string) {
    this.#done = this.#run(api, path);
  }

  async #run(api: SrtApi, path: string): Promise<void> {
    while (!this.#stopped) {
      const conns = (await api.conns()).filter((conn) => conn.path === path);
      const publisher = conns.find(({ state }) => state === "publish");
      const reader = conns.find(({ state }) => state === "read");
      if (publisher !== undefined && reader !== undefined) {
        this.publisher = publisher;
        this.reader = reader;
      }
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    await this.#done;
  }
}

/** Losses were repaired on both sides, and nothing at all was given up. */
function expectRepaired(watch: Watch, evidence: Evidence): void {
  const { publisher, reader } = watch;
  ok(publisher !== null && reader !== null);
  ok(publisher.packetsReceivedLoss > 0 && publisher.packetsSentNAK > 0 && reader.packetsReceivedNAK > 0);
  ok(publisher.packetsReceivedRetrans > 0 && reader.packetsRetrans > 0);
  equal(publisher.packetsReceivedUndecrypt, 0);
  equal(publisher.packetsReceivedDrop, 0, "dropped by the server");
  equal([reader.packetsSendDrop, reader.outboundFramesDiscarded], [0, 0], "given up by the server");
  expectComplete(evidence, ["video", "audio"]);
}

async function throughLosses({ server, api, file }: Link, roundTripMs: number): Promise<void> {
  await using relay = new LossyRelay(server.ports.srt, { roundTripMs, loss: 0.05, seed: roundTripMs });
  const path = `rtt${roundTripMs}`;
  // FFmpeg counts the latency in microseconds.
  const latency = 1000 * (4 * roundTripMs + machineMs);
  const url = (streamId: string) =>
    `srt://127.0.0.1:${relay.port}?streamid=${streamId}&pkt_size=1316&connect_timeout=60000&latency=${latency}`;
  await using _publisher = ffmpegPublish(file, url(`publish:${path}`), "SRT");
  await server.published(path);
  await using watch = new Watch(api, path);
  const evidence = await ffmpegReadSrt(url(`read:${path}`), lossySeconds);
  ok(relay.lost > 20, `only ${relay.lost} packets were lost`);
  expectRepaired(watch, evidence);
}

Deno.test("SRT: losses of 5 % on each way are repaired", async () => {
  await using media = new MediaFolder(lossySeconds + 60);
  const api = new SrtApi();
  await using server = await TestServer.start({ config: { srt: true, ...api.config } });
  const link = { server, api, file: await media.file(["h264", "aac"]) };
  await together([50, 200, 400].map((roundTripMs) => ({
    name: `round trip of ${roundTripMs} ms`,
    run: () => throughLosses(link, roundTripMs),
  })));
});

/** The part of libsrt's statistics that both sides count. */
interface LibsrtStats {
  readonly link: { readonly rtt: number; readonly maxBandwidth: number };
  readonly recv: {
    readonly packets: number;
    readonly packetsUnique: number;
    readonly packetsLost: number;
    readonly packetsRetransmitted: number;
    readonly bytes: number;
    readonly bytesUnique: number;
    readonly msTsbPdDelay: number;
  };
}

/** What srt-live-transmit wrote last; null when it has not yet. The last line may be half written. */
async function lastStats(file: string): Promise<LibsrtStats | null> {
  const text = await Deno.readTextFile(file).catch(() => "");
  const line = text.split("\n").slice(0, -1).findLast((each) => each.includes("{"));
  return line === undefined ? null : JSON.parse(line.replace(/,\s*$/, ""));
}

Deno.test("SRT: the API counts what libsrt counts on the other side", async () => {
  await using media = new MediaFolder(120);
  const api = new SrtApi();
  // The publisher is held for as long as it takes both sides to agree.
  await using server = await TestServer.start({ config: { srt: true, readTimeout: "300s", ...api.config } });
  await using publisher = await publish(server, media, {
    publisher: "FFmpeg",
    codecs: ["h264"],
    transport: "SRT",
    path: "a",
  });
  const file = `${server.folder}/stats.json`;
  const url = `srt://127.0.0.1:${server.ports.srt}?streamid=read:a&latency=300&conntimeo=60000`;
  const options = ["-a:no", "-s:1", "-pf:json", "-f", `-statsout:${file}`];
  // What it receives goes where nobody looks.
  const reader = new Deno.Command("srt-live-transmit", {
    args: [...options, url, "file://con"],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  await using _end = {
    async [Symbol.asyncDispose]() {
      try {
        reader.kill("SIGKILL");
      } catch {
        // It has ended by itself, and the test has failed for it.
      }
      await reader.status;
    },
  };
  const both = async () => ({ ours: await api.conn("a", "read"), theirs: await lastStats(file) });
  // Both on one machine: fractions of a millisecond, more in the moments in which it is busy.
  await eventually(
    "a short round trip on both sides",
    both,
    ({ ours, theirs }) =>
      theirs !== null && ours.packetsSentUnique >= 100 && ours.msRTT > 0 && ours.msRTT < 50 &&
      theirs.link.rtt > 0 && theirs.link.rtt < 50,
  );
  publisher.signal("SIGSTOP");
  // Nothing is under way any more when the last packet was handed on, written about and acknowledged.
  const { ours, theirs } = await eventually(
    "the same number of packets on both sides",
    both,
    ({ ours, theirs }) => ours.packetsSent === theirs?.recv.packets && ours.packetsSendBuf === 0,
  );
  const { recv, link } = theirs!;
  equal(
    {
      packets: ours.packetsSent,
      unique: ours.packetsSentUnique,
      bytes: ours.bytesSent,
      bytesUnique: ours.bytesSentUnique,
      latency: ours.msSendTsbPdDelay,
      maxBandwidth: ours.mbpsMaxBW,
    },
    {
      packets: recv.packets,
      unique: recv.packetsUnique,
      bytes: recv.bytes,
      bytesUnique: recv.bytesUnique,
      latency: recv.msTsbPdDelay,
      maxBandwidth: link.maxBandwidth,
    },
  );
  publisher.signal("SIGCONT");
});
