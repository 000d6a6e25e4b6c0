/** The foreign programs that the interop tests drive, and where Debian keeps them. */

interface Tool {
  readonly kind: "command" | "gstElement" | "typelib";
  readonly name: string;
  readonly debianPackage: string;
}

/** Its packages are for this one, whatever else stands first in the PATH. */
const debianPython = "/usr/bin/python3";

/** One element stands for all of its plugin package. */
const tools: readonly Tool[] = [
  { kind: "command", name: "ffmpeg", debianPackage: "ffmpeg" },
  { kind: "command", name: "ffprobe", debianPackage: "ffmpeg" },
  { kind: "command", name: "openssl", debianPackage: "openssl" },
  { kind: "command", name: "srt-live-transmit", debianPackage: "srt-tools" },
  { kind: "command", name: "chromium", debianPackage: "chromium" },
  { kind: "command", name: "turnserver", debianPackage: "coturn" },
  { kind: "command", name: "gst-launch-1.0", debianPackage: "gstreamer1.0-tools" },
  { kind: "command", name: "gst-inspect-1.0", debianPackage: "gstreamer1.0-tools" },
  { kind: "gstElement", name: "videotestsrc", debianPackage: "gstreamer1.0-plugins-base" },
  { kind: "gstElement", name: "rtph264pay", debianPackage: "gstreamer1.0-plugins-good" },
  { kind: "gstElement", name: "h265parse", debianPackage: "gstreamer1.0-plugins-bad" },
  { kind: "gstElement", name: "x264enc", debianPackage: "gstreamer1.0-plugins-ugly" },
  { kind: "gstElement", name: "avdec_h264", debianPackage: "gstreamer1.0-libav" },
  { kind: "gstElement", name: "rtspclientsink", debianPackage: "gstreamer1.0-rtsp" },
  { kind: "command", name: debianPython, debianPackage: "python3" },
  // Reading typelibs needs python3-gi, which this one stands for as well.
  { kind: "typelib", name: "GObject", debianPackage: "python3-gi" },
  { kind: "typelib", name: "GstRtspServer", debianPackage: "gir1.2-gst-rtsp-server-1.0" },
];

/** Of those that do not know `--version`. */
const versionFlags: ReadonlyMap<string, string> = new Map([
  ["ffmpeg", "-version"],
  ["ffprobe", "-version"],
  ["openssl", "version"],
  ["srt-live-transmit", "-version"],
]);

/** True when the program runs and answers with success. */
async function answers(command: string, ...args: string[]): Promise<boolean> {
  try {
    const { success } = await new Deno.Command(command, { args, stdout: "null", stderr: "null" }).output();
    return success;
  } catch {
    return false;
  }
}

function isPresent(tool: Tool): Promise<boolean> {
  switch (tool.kind) {
    case "gstElement":
      return answers("gst-inspect-1.0", "--exists", tool.name);
    case "typelib":
      return answers(debianPython, "-c", `from gi.repository import ${tool.name}`);
    case "command":
      return answers(tool.name, versionFlags.get(tool.name) ?? "--version");
  }
}

/** Debian packages whose tools are not here, without repetitions. */
async function missingPackages(): Promise<string[]> {
  const missing = new Set<string>();
  for (const tool of tools) if (!await isPresent(tool)) missing.add(tool.debianPackage);
  return [...missing];
}

/** Installs what is missing where it may. Gives what to tell the user when something is missing afterwards. */
export async function provideTools(): Promise<string | undefined> {
  const missing = await missingPackages();
  if (missing.length === 0) return undefined;
  const install = ["install", "--yes", "--no-install-recommends", ...missing];
  if (Deno.build.os === "linux" && Deno.uid() === 0 && await answers("apt-get", "--version")) {
    console.log(`installing ${missing.join(" ")}`);
    await runAptGet(["update"]);
    await runAptGet(install);
    const left = await missingPackages();
    if (left.length === 0) return undefined;
    return `apt-get could not install ${left.join(" ")}: see its messages above`;
  }
  return `the interop tests need programs that are missing here. On Debian or Ubuntu, type:\n` +
    `  sudo apt-get update && sudo apt-get ${install.join(" ")}`;
}

async function runAptGet(args: string[]): Promise<void> {
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  await new Deno.Command("apt-get", { args, env, stdin: "null" }).spawn().status;
}
