/** A real HLS server with real paths and real authentication; units are written when a test says so. */
import { AuthManager } from "../../../../src/auth/mod.ts";
import { createLogger, silentLogger } from "../../../../src/base/logger.ts";
import type { GlobalValues } from "../../../../src/conf/mod.ts";
import { CertificateStore } from "../../../../src/net/certificates.ts";
import type { PublisherSeat } from "../../../../src/paths/contracts.ts";
import { LivePaths } from "../../../../src/paths/manager.ts";
import { HlsServer } from "../../../../src/protocols/hls/mod.ts";
import type { CreateSource } from "../../../../src/paths/path.ts";
import type { RtpMedia } from "../../../../src/rtp/format.ts";
import { selfSigned } from "../../../net/http/support.ts";
import { access, confOf, type Entries, TestPublisher } from "../../../paths/support.ts";
import { match } from "../../../support/assert.ts";
import { guarded } from "../../../support/guarded.ts";
import { Random } from "../../../support/random.ts";
import { aacConfig, audioUnits, interleave, pps, sps, videoUnits } from "./synthetic.ts";

const frameRate = 25;
/** Only a failing test gets there. */
const limitMs = 60_000;

export const videoAndAudio: readonly RtpMedia[] = [
  {
    kind: "video",
    formats: [{
      codec: { name: "H264", sps, pps, packetizationMode: 1 },
      payloadType: 96,
      clockRate: 90_000,
    }],
  },
  {
    kind: "audio",
    formats: [{
      codec: {
        name: "MPEG-4 Audio",
        config: aacConfig,
        sizeLength: 13,
        indexLength: 3,
        indexDeltaLength: 3,
        profileLevelId: 1,
      },
      payloadType: 97,
      clockRate: 48_000,
    }],
  },
];

export const speechOnly: readonly RtpMedia[] = [{
  kind: "audio",
  formats: [{
    codec: { name: "G711", muLaw: true, sampleRate: 8000, channelCount: 1 },
    payloadType: 0,
    clockRate: 8000,
  }],
}];

/** A publisher whose stream goes on when the test says so: a key frame every second. */
export class Publishing {
  readonly #units;
  #written = 0;

  constructor(readonly seat: PublisherSeat, readonly publisher: TestPublisher, frameSize: number) {
    const { tracks } = seat.stream;
    const random = new Random(1);
    this.#units = tracks.length < 2 ? [] : interleave(
      videoUnits(tracks[0], random, { frames: 60 * frameRate, frameRate, keyInterval: 25, size: frameSize }),
      audioUnits(tracks[1], random, { seconds: 60, samplesPerFrame: 1024 }),
    );
  }

  /** Writes the units of the next seconds. */
  write(seconds: number): void {
    const perSecond = this.#units.length / 60;
    const end = Math.round(this.#written + seconds * perSecond);
    for (const unit of this.#units.slice(Math.round(this.#written), end)) {
      this.seat.stream.write([unit], Date.now());
    }
    this.#written += seconds * perSecond;
  }

  leave(): void {
    this.seat.leave();
  }
}

export interface Options {
  readonly entries?: Entries;
  readonly globals?: Partial<GlobalValues>;
  readonly secure?: boolean;
  readonly createSource?: CreateSource;
}

export class HlsTest implements AsyncDisposable {
  readonly lines: string[] = [];
  readonly paths: LivePaths;
  readonly server: HlsServer;
  /** PEM. */
  readonly certificate: string;
  readonly #auth: AuthManager;
  readonly #waiting = new Set<() => void>();

  constructor(
    { entries = { all_others: {} }, globals = {}, secure = false, createSource }: Options = {},
  ) {
    const conf = confOf(entries, { hlsAddress: "127.0.0.1:0", ...globals });
    const logger = createLogger((level, text) => {
      this.lines.push(`${level} ${text}`);
      for (const wake of [...this.#waiting]) wake();
    }, (level) => level !== "debug");
    this.#auth = new AuthManager(conf, silentLogger, () => 0);
    this.paths = new LivePaths({ conf, auth: this.#auth, logger, createSource });
    const certificate = selfSigned();
    this.certificate = certificate.certificate;
    this.server = new HlsServer({
      conf,
      logger,
      pathManager: this.paths,
      certificates: secure ? new CertificateStore(certificate) : null,
    });
  }

  get port(): number {
    return this.server.port!;
  }

  async publish(path: string, medias = videoAndAudio, frameSize = 400): Promise<Publishing> {
    const conf = await this.paths.authorize(access(path), "publish");
    const publisher = new TestPublisher();
    const seat = await this.paths.addPublisher(access(path), publisher, medias, conf);
    return new Publishing(seat, publisher, frameSize);
  }

  /** Redirects are not followed. */
  get(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(`http://127.0.0.1:${this.port}${path}`, { redirect: "manual", ...init });
  }

  async text(path: string, init: RequestInit = {}): Promise<string> {
    return await (await this.get(path, init)).text();
  }

  async status(path: string, init: RequestInit = {}): Promise<number> {
    const response = await this.get(path, init);
    await response.body?.cancel();
    return response.status;
  }

  /** A line that matches, as soon as it is there. */
  line(pattern: RegExp): Promise<string> {
    const found = () => this.lines.find((line) => pattern.test(line));
    const wait = async () => {
      while (found() === undefined) {
        await new Promise<void>((resolve) => {
          const wake = () => {
            this.#waiting.delete(wake);
            resolve();
          };
          this.#waiting.add(wake);
        });
      }
      return found()!;
    };
    return guarded(`a line like ${pattern}`, wait());
  }

  /** Until so many requests are held: they come over the network, in any order. */
  async holds(count: number): Promise<void> {
    const limit = Date.now() + limitMs;
    while (this.server.heldRequests !== count) {
      if (Date.now() > limit) throw new Error(`${this.server.heldRequests} requests are held, not ${count}`);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  /** The lines of HLS, with session ids and ports replaced. */
  get story(): string[] {
    return this.lines.filter((line) => line.includes("[HLS]")).map((line) =>
      line.replace(/session [0-9a-f]{8}/, "session S").replace(/127\.0\.0\.1:\d+/, "A")
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.close();
    await this.paths.close();
    await this.#auth.close();
    for (const line of this.lines) {
      match(line, /^(info|warn|error \[HLS\] \[muxer)/, "the server has met a defect");
    }
  }
}

/** URIs of a playlist, in order. */
export function uris(playlist: string): string[] {
  return playlist.split("\n").flatMap((line) => {
    if (line !== "" && !line.startsWith("#")) return [line];
    const uri = /URI="([^"]*)"/.exec(line);
    return uri === null ? [] : [uri[1]];
  });
}
