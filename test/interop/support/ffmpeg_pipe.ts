/** FFmpeg as a filter: bytes in, bytes out. */

const timeLimitMs = 120_000;

/** Runs a program to its end. Throws with its messages when it fails or takes a minute. */
export async function pipeThrough(
  command: string,
  args: readonly string[],
  input: Uint8Array = new Uint8Array(0),
): Promise<{ output: Uint8Array; messages: string }> {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), timeLimitMs);
  const child = new Deno.Command(command, {
    args: [...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    signal: abort.signal,
  }).spawn();
  const feed = async () => {
    const writer = child.stdin.getWriter();
    try {
      await writer.write(input);
      await writer.close();
    } catch {
      // The program has read enough.
    }
  };
  const [result] = await Promise.all([child.output(), feed()]).finally(() => clearTimeout(timer));
  const messages = new TextDecoder().decode(result.stderr);
  if (!result.success) throw new Error(`${command} ${args.join(" ")}: ${messages}`);
  return { output: result.stdout, messages };
}

/** What FFmpeg makes of the arguments, given `pipe:1` as output. */
export async function ffmpeg(args: readonly string[], input?: Uint8Array): Promise<Uint8Array> {
  const { output } = await pipeThrough("ffmpeg", ["-v", "error", "-nostdin", ...args, "pipe:1"], input);
  return output;
}

export interface ProbedPacket {
  readonly stream: number;
  readonly pts: number | undefined;
  readonly dts: number | undefined;
}

export interface Probe {
  /** `codec_name` by stream. */
  readonly codecs: readonly string[];
  readonly packets: readonly ProbedPacket[];
  readonly messages: string;
}

interface ProbeJson {
  readonly streams: readonly { readonly index: number; readonly codec_name?: string }[];
  readonly packets: readonly {
    readonly stream_index: number;
    readonly pts?: number;
    readonly dts?: number;
  }[];
}

/** What ffprobe finds in a transport stream. */
export async function probeMpegts(input: Uint8Array): Promise<Probe> {
  const args = ["-v", "warning", "-f", "mpegts", "-show_streams", "-show_packets", "-of", "json", "pipe:0"];
  const { output, messages } = await pipeThrough("ffprobe", args, input);
  const json = JSON.parse(new TextDecoder().decode(output)) as ProbeJson;
  return {
    codecs: json.streams.map((stream) => stream.codec_name ?? ""),
    packets: json.packets.map(({ stream_index, pts, dts }) => ({ stream: stream_index, pts, dts })),
    messages,
  };
}

/** One line for each decoded frame: stream, times, hash. `-v warning`: what FFmpeg complains about. */
export async function decodeMpegts(input: Uint8Array): Promise<{ frames: string[]; messages: string }> {
  const args = ["-v", "warning", "-f", "mpegts", "-i", "pipe:0", "-map", "0:v?", "-map", "0:a?"];
  const { output, messages } = await pipeThrough("ffmpeg", [...args, "-f", "framemd5", "pipe:1"], input);
  const lines = new TextDecoder().decode(output).split("\n");
  return { frames: lines.filter((line) => line !== "" && !line.startsWith("#")), messages };
}
