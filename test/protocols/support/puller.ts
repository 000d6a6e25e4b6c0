/** Paths that pull from sources, with everything real but listeners for clients. */
// Loaded beforehand: libraries of the system that come with a room stay open, and tests would be blamed for them.
import "../../../src/protocols/mpegts/mod.ts";
import "../../../src/protocols/rtmp/mod.ts";
import "../../../src/protocols/rtp/mod.ts";
import "../../../src/protocols/rtsp/mod.ts";
import "../../../src/protocols/srt/mod.ts";
import { AuthManager } from "../../../src/auth/mod.ts";
import { createLogger, silentLogger } from "../../../src/base/logger.ts";
import type { Conf, GlobalValues } from "../../../src/conf/mod.ts";
import { LivePaths, type PathSnapshot } from "../../../src/paths/mod.ts";
import { createSource } from "../../../src/protocols/registry.ts";
import type { Fanout } from "../../../src/stream/fanout.ts";
import type { Unit } from "../../../src/stream/unit.ts";
import { access, confOf, type Entries, TestReader } from "../../paths/support.ts";
import { Inbox } from "../rtsp/support/waiting.ts";

export class Puller implements AsyncDisposable {
  /** `level text` of each line. */
  readonly log = new Inbox<string>();
  readonly paths: LivePaths;
  readonly #auth: AuthManager;

  constructor(entries: Entries, readonly globals: Partial<GlobalValues> = {}) {
    const conf = this.conf(entries);
    const logger = createLogger((level, text) => this.log.push(`${level} ${text}`), () => true);
    this.#auth = new AuthManager(conf, silentLogger, () => 0);
    this.paths = new LivePaths({ conf, auth: this.#auth, logger, createSource });
  }

  conf(entries: Entries): Conf {
    return confOf(entries, this.globals);
  }

  /** The `count`-th line that matches. */
  async line(pattern: RegExp, count = 1): Promise<string> {
    const found = () => this.log.all.filter((line) => pattern.test(line));
    await this.log.until(`line ${count} like ${pattern}`, () => found().length >= count);
    return found()[count - 1];
  }

  get(name: string): PathSnapshot {
    const found = this.paths.get(name);
    if (found === null) throw new Error(`there is no path ${name}`);
    return found;
  }

  /** Resolves when the path has a stream; `count`: for the so manyth time. */
  available(name: string, count = 1): Promise<string> {
    return this.line(new RegExp(`info \\[path ${name}\\] stream is available`), count);
  }

  /** Units as they come. On demand, this starts the source. */
  async read(name: string, query = ""): Promise<TestUnits> {
    const reader = new TestReader();
    const seat = await this.paths.addReader(access(name, { query }), reader, true);
    const units = new Inbox<Unit>();
    const fanout: Fanout = {
      write: (batch) => {
        for (const unit of batch) units.push(unit);
      },
      close: () => units.end(),
    };
    for (const unit of seat.stream.cachedUnits) units.push(unit);
    seat.stream.fanout(`test ${crypto.randomUUID()}`, () => fanout);
    return { units, reader, leave: () => seat.leave() };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.paths.close();
    await this.#auth.close();
  }
}

export interface TestUnits {
  readonly units: Inbox<Unit>;
  readonly reader: TestReader;
  leave(): void;
}
