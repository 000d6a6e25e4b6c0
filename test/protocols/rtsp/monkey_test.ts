/** Clients that do most things right and some at the wrong time: nothing breaks, and nothing is left behind. */
import { serializeInterleaved } from "../../../src/protocols/rtsp/wire/interleaved.ts";
import { parseSession } from "../../../src/protocols/rtsp/wire/session.ts";
import { serializeRtcp } from "../../../src/rtp/rtcp/compound.ts";
import { equal, ok } from "../../support/assert.ts";
import { Random } from "../../support/random.ts";
import { RtspClient } from "./support/client.ts";
import { audioOnly, PacketSource, sdpType, slice, twoTracks, UdpPair } from "./support/media.ts";
import { TestServer } from "./support/server.ts";

const seeds = Number(Deno.env.get("RTSP_MONKEY_SEEDS") ?? 4);
const steps = 300;
const clientCount = 4;
const pairCount = 4;
const report = serializeRtcp([{ kind: "receiverReport", ssrc: 5, reports: [] }]);
const text = new TextEncoder();

/** What a client is about to do. */
type Step =
  | "OPTIONS"
  | "DESCRIBE"
  | "ANNOUNCE"
  | `SETUP ${number}`
  | "PLAY"
  | "RECORD"
  | "PAUSE"
  | "TEARDOWN"
  | "media"
  | "report"
  | "GET_PARAMETER"
  | "SET_PARAMETER"
  | "NONSENSE";

interface Plan {
  readonly path: string;
  readonly publishes: boolean;
  readonly sections: number;
  readonly transport: (section: number) => string;
  readonly steps: Step[];
}

class Monkey {
  #client: RtspClient | null = null;
  #plan: Plan;
  readonly #video = new PacketSource(96);
  readonly #audio = new PacketSource(0);
  #time = 0;

  constructor(
    private readonly server: TestServer,
    private readonly random: Random,
    private readonly others: readonly Monkey[],
    /** For RTP and RTCP over UDP: `1234-1235`. */
    private readonly ports: readonly string[],
  ) {
    this.#plan = this.#newPlan();
  }

  get session(): string | null {
    return this.#client?.session ?? null;
  }

  #newPlan(): Plan {
    const { random } = this;
    const publishes = random.int(2) === 0;
    const sections = 1 + random.int(2);
    const first = random.int(pairCount - 1);
    const channel = random.int(4);
    const transport = random.pick([
      () => "RTP/AVP/TCP;unicast",
      (section: number) =>
        `RTP/AVP/TCP;unicast;interleaved=${channel + 2 * section}-${channel + 2 * section + 1}`,
      (section: number) => `RTP/AVP;unicast;client_port=${this.ports[first + section]}`,
      publishes ? () => "RTP/AVP/TCP;unicast" : () => "RTP/AVP;multicast",
    ]);
    const setups = Array.from({ length: sections }, (_, i): Step => `SETUP ${i}`);
    const media = Array.from({ length: 2 + random.int(8) }, (): Step => publishes ? "media" : "report");
    const flow: Step[] = [publishes ? "RECORD" : "PLAY", ...media];
    return {
      path: random.pick(["a", "a", "b", "c/d"]),
      publishes,
      sections,
      transport,
      steps: [
        "OPTIONS",
        publishes ? "ANNOUNCE" : "DESCRIBE",
        ...setups,
        ...flow,
        ...random.int(2) === 0 ? ["PAUSE" as const, ...flow] : [],
        ...random.int(3) === 0 ? [] : ["TEARDOWN" as const],
      ],
    };
  }

  async act(): Promise<void> {
    const { random } = this;
    if (this.#client === null || this.#client.responses.hasEnded || this.#plan.steps.length === 0) {
      if (random.int(3) > 0 || this.#client?.responses.hasEnded) await this.leave();
      this.#client ??= await RtspClient.connect(this.server);
      this.#plan = this.#newPlan();
    }
    const client = this.#client;
    if (random.int(60) === 0) return await this.leave();
    if (random.int(60) === 0) client.session = random.pick(this.others).session;
    const messages = Array.from({ length: 1 + random.int(3) }, () => this.#message(client, this.#next()));
    try {
      await client.stream.write(Uint8Array.of(...messages.flatMap((bytes) => [...bytes])));
    } catch {
      await this.leave();
    }
    if (random.int(3) > 0) await new Promise((resolve) => setTimeout(resolve, random.int(2)));
    const answer = client.responses.all.findLast((response) => response.headers.has("Session"));
    if (answer !== undefined) client.session = parseSession(answer.headers.get("Session")!).id;
  }

  #next(): Step {
    const { random } = this;
    const { steps } = this.#plan;
    switch (random.int(40)) {
      case 0:
        return random.pick([
          "PLAY",
          "RECORD",
          "PAUSE",
          "TEARDOWN",
          "DESCRIBE",
          "ANNOUNCE",
          "SETUP 0",
          "NONSENSE",
        ]);
      case 1:
        return random.pick(["GET_PARAMETER", "SET_PARAMETER", "OPTIONS", "report", "media"]);
      case 2:
        return steps[0] ?? "TEARDOWN";
      case 3:
        steps.shift();
    }
    return steps.shift() ?? "GET_PARAMETER";
  }

  #message(client: RtspClient, step: Step): Uint8Array {
    const { random } = this;
    if (step === "report") return serializeInterleaved(1, report);
    if (step === "media") return serializeInterleaved(random.int(4), this.#packet());
    const { path, transport, publishes, sections } = this.#plan;
    const [method, section] = step.split(" ");
    let url = this.server.url(path);
    const headers: Record<string, string> = { CSeq: "1" };
    if (client.session !== null && random.int(4) > 0) headers.Session = client.session;
    if (section !== undefined) {
      headers.Transport = transport(Number(section));
      url += publishes ? `/streamid=${section}` : `/trackID=${section}`;
    }
    const body = method === "ANNOUNCE" ? sections === 1 ? audioOnly : twoTracks : "";
    if (body !== "") headers["Content-Length"] = String(body.length);
    const lines = Object.entries({ ...headers, ...body === "" ? {} : sdpType });
    const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join("");
    return text.encode(`${method} ${url} RTSP/1.0\r\n${head}\r\n${body}`);
  }

  #packet(): Uint8Array {
    const { random } = this;
    this.#time += 3000;
    if (random.int(10) === 0) return random.bytes(random.int(40));
    if (random.int(2) === 0) return this.#audio.next(new Uint8Array(160), this.#time);
    return this.#video.next(slice(random.int(5) === 0), this.#time);
  }

  async leave(): Promise<void> {
    const client = this.#client;
    this.#client = null;
    await client?.close();
  }
}

for (let seed = 1; seed <= seeds; seed++) {
  Deno.test(`whatever clients do, nothing breaks and nothing is left behind (${seed})`, async () => {
    await using server = await TestServer.start({
      entries: { b: { overridePublisher: false, maxReaders: 1, gopCache: "yes" }, all_others: {} },
      globals: { rtspTransports: ["udp", "multicast", "tcp"] },
    });
    await using stack = new AsyncDisposableStack();
    const ports = Array.from({ length: pairCount }, () => stack.use(new UdpPair()).ports);
    const random = new Random(seed);
    const monkeys: Monkey[] = [];
    for (let i = 0; i < clientCount; i++) monkeys.push(new Monkey(server, random, monkeys, ports));
    for (let i = 0; i < steps; i++) await random.pick(monkeys).act();
    for (const monkey of monkeys) await monkey.leave();
    await server.until("all connections to be closed", () => server.snapshots.conns.length === 0);
    ok(server.lines(/is publishing/).length > 0 && server.lines(/is reading/).length > 0);
    server.checkAfter(120_000);
    equal(server.snapshots, { conns: [], sessions: [] });
    const paths = server.paths.list().map(({ name, source, readers }) => ({ name, source, readers }));
    equal(paths, [{ name: "b", source: null, readers: [] }]);
  });
}
