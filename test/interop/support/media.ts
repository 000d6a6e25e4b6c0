import { type Codec, type CodecKey, codecs, type Encoding } from "./codecs.ts";
import type { TrackKind } from "./evidence.ts";

/**
 * Longer than readers take, but on the slowest machines: where a file begins anew, the seam may look like a lost frame, and
 * the end of a stream would stop those who still read.
 */
const fileSeconds = 70;
const videoSource = "-f lavfi -i testsrc=size=320x240:rate=25 -pix_fmt yuv420p -g 25";
const audioSource = "-f lavfi -i sine=frequency=440:sample_rate=48000";

/** Small files that are encoded once per test run, on first use. */
export class MediaFolder implements AsyncDisposable {
  readonly #files = new Map<string, Promise<string>>();
  readonly #path: Promise<string> = Deno.makeTempDir({ prefix: "interop-media-" });

  constructor(private readonly seconds = fileSeconds) {}

  /** A file with these codecs, one track each. */
  file(keys: readonly CodecKey[]): Promise<string> {
    const name = keys.join("-");
    let file = this.#files.get(name);
    if (file === undefined) this.#files.set(name, file = this.#create(name, keys));
    return file;
  }

  /** A file of one track with these encoder arguments. */
  encoded(name: string, kind: TrackKind, how: Encoding): Promise<string> {
    let file = this.#files.get(name);
    if (file === undefined) this.#files.set(name, file = this.#encode(name, kind, how));
    return file;
  }

  async #encode(name: string, kind: TrackKind, { encode, suffix }: Encoding): Promise<string> {
    const file = `${await this.#path}/${name}.${suffix}`;
    const source = kind === "video" ? videoSource : audioSource;
    await ffmpeg([...source.split(" "), "-t", String(this.seconds), ...encode.split(" "), file]);
    return file;
  }

  async #create(name: string, keys: readonly CodecKey[]): Promise<string> {
    const folder = await this.#path;
    if (keys.length === 1) {
      const codec: Codec = codecs[keys[0]];
      if (codec.ffmpeg === null) throw new Error(`FFmpeg cannot publish ${codec.name}`);
      return this.#encode(name, codec.kind, codec.ffmpeg);
    }
    const parts = await Promise.all(keys.map((key) => this.file([key])));
    const file = `${folder}/${name}.mkv`;
    const maps = parts.flatMap((_, i) => ["-map", String(i)]);
    await ffmpeg([...parts.flatMap((part) => ["-i", part]), ...maps, "-c", "copy", file]);
    return file;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled(this.#files.values());
    await Deno.remove(await this.#path, { recursive: true });
  }
}

async function ffmpeg(args: readonly string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command("ffmpeg", {
    args: ["-v", "error", "-y", ...args],
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) throw new Error(`ffmpeg could not encode: ${new TextDecoder().decode(stderr)}`);
}
