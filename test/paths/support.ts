import { type AuthError, AuthManager, type AuthOptions, noCredentials } from "../../src/auth/mod.ts";
import { createLogger, silentLogger } from "../../src/base/logger.ts";
import {
  type Conf,
  defaultConf,
  type GlobalValues,
  type PathConf,
  type PathValues,
} from "../../src/conf/mod.ts";
import { Hooks } from "../../src/hooks/mod.ts";
import { compilePathRegex } from "../../src/conf/path_regex.ts";
import type { PathAccess, Publisher, Reader, ReaderType, SourceType } from "../../src/paths/contracts.ts";
import { LivePaths } from "../../src/paths/manager.ts";
import type { CreateOnDemandSource, CreateSource } from "../../src/paths/path.ts";
import type { RtpMedia } from "../../src/rtp/format.ts";

export type Entries = Record<string, Partial<PathValues>>;

/** A configuration with these entries over the default values. */
export function confOf(entries: Entries, globals: Partial<GlobalValues> = {}): Conf {
  const base = defaultConf();
  const paths = new Map<string, PathConf>();
  for (const [name, entry] of Object.entries(entries)) paths.set(name, pathConf(name, entry));
  return { ...base, ...globals, paths };
}

export function pathConf(name: string, entry: Partial<PathValues> = {}): PathConf {
  const values = { ...defaultConf().pathDefaults, ...entry, name };
  if (name.startsWith("~")) return { ...values, regex: compilePathRegex(name.slice(1)) };
  if (name === "all" || name === "all_others") return { ...values, regex: compilePathRegex("^.*$") };
  return values;
}

export function access(name: string, overrides: Partial<PathAccess> = {}): PathAccess {
  return {
    name,
    query: "",
    protocol: "rtsp",
    id: null,
    ip: "127.0.0.1",
    userAgent: "",
    credentials: noCredentials,
    ...overrides,
  };
}

export const medias: readonly RtpMedia[] = [
  {
    kind: "audio",
    formats: [{ codec: { name: "Opus", channelCount: 2 }, payloadType: 96, clockRate: 48000 }],
  },
  {
    kind: "audio",
    formats: [{
      codec: { name: "G711", muLaw: true, sampleRate: 8000, channelCount: 1 },
      payloadType: 0,
      clockRate: 8000,
    }],
  },
];

/** A reader or publisher that remembers how it was closed. */
class Client<Type> {
  readonly closes: string[] = [];
  /** Done inside `close`. */
  onClose: () => void = () => {};

  constructor(readonly type: Type, readonly id: string) {}

  close(reason: string): void {
    this.closes.push(reason);
    this.onClose();
  }
}

export class TestReader extends Client<ReaderType> implements Reader {
  constructor(id = "r1", type: ReaderType = "rtspSession") {
    super(type, id);
  }
}

export class TestPublisher extends Client<SourceType> implements Publisher {
  constructor(id = "p1", type: SourceType = "rtspSession") {
    super(type, id);
  }
}

export interface Harness extends AsyncDisposable {
  readonly paths: LivePaths;
  readonly auth: AuthManager;
  /** `level text` of each log line. */
  readonly lines: string[];
  /** Authorizes and publishes. */
  publish(name: string, publisher: TestPublisher): ReturnType<LivePaths["addPublisher"]>;
  /** The error's text, or that there was none. */
  failure(promise: Promise<unknown>): Promise<string>;
}

export function start(
  entries: Entries,
  options: {
    auth?: Partial<AuthOptions>;
    createOnDemandSource?: CreateOnDemandSource;
    createSource?: CreateSource;
  } = {},
): Harness {
  const conf = confOf(entries);
  const lines: string[] = [];
  const logger = createLogger((level, message) => void lines.push(`${level} ${message}`), () => true);
  const auth = new AuthManager({ ...conf, ...options.auth }, silentLogger, () => 0);
  const { createOnDemandSource, createSource } = options;
  const hooks = new Hooks({ conf, logger: silentLogger });
  const paths = new LivePaths({ conf, auth, logger, hooks, createOnDemandSource, createSource });
  return {
    paths,
    auth,
    lines,
    publish: async (name, publisher) => {
      const granted = await paths.authorize(access(name), "publish");
      return paths.addPublisher(access(name), publisher, medias, granted);
    },
    failure: (promise) =>
      promise.then(() => "no failure", (error: Error | AuthError) => `${error.name}: ${error.message}`),
    [Symbol.asyncDispose]: async () => {
      await paths.close();
      await hooks.close(0);
      await auth.close();
    },
  };
}
