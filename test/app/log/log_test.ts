import { Log, type LogHost, type LogSettings } from "../../../src/app/log/log.ts";
import { formatPlain } from "../../../src/app/log/format.ts";
import { openSyslogDestination } from "../../../src/app/log/syslog.ts";
import { equal, match, throws } from "../../support/assert.ts";

const at = new Date(2026, 2, 4, 9, 5, 7);
const generous = 60_000;

const settings: LogSettings = {
  level: "info",
  destinations: ["stdout"],
  structured: false,
  file: "unused.log",
  syslogPrefix: "unused",
};

function memoryHost(): { host: LogHost; text: () => string } {
  let text = "";
  const writeSync = (bytes: Uint8Array) => {
    text += new TextDecoder().decode(bytes);
    return bytes.length;
  };
  const stdout = { write: (bytes: Uint8Array) => Promise.resolve(writeSync(bytes)), writeSync };
  return { host: { stdout, colors: false, now: () => at }, text: () => text };
}

Deno.test("log: lines below the level are left out, and the level changes at any time", async () => {
  const { host, text } = memoryHost();
  const log = new Log(settings, host);
  const logger = log.logger.child("[RTSP]");
  logger.debug("no");
  equal(logger.debugEnabled, false);
  logger.info("one");
  log.level = "debug";
  equal(logger.debugEnabled, true);
  logger.debug("two");
  log.level = "error";
  logger.warn("no");
  logger.error("three");
  await log.close(generous);
  const line = (level: "info" | "debug" | "error", message: string) => formatPlain(at, level, message, false);
  equal(text(), line("info", "[RTSP] one") + line("debug", "[RTSP] two") + line("error", "[RTSP] three"));
});

Deno.test("log: every destination gets the same lines; the file is appended to", async () => {
  const { host, text } = memoryHost();
  const folder = await Deno.makeTempDir();
  try {
    const file = `${folder}/x.log`;
    await Deno.writeTextFile(file, "before\n");
    const log = new Log(
      { ...settings, destinations: ["stdout", "file", "stdout"], structured: true, file },
      host,
    );
    log.logger.info("hello");
    log.logger.info("world");
    await log.close(generous);
    equal(text().split("\n").length, 3);
    equal(await Deno.readTextFile(file), `before\n${text()}`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("log: a file that cannot be opened is an error that names it", () => {
  const { host } = memoryHost();
  const file = "/nowhere/at/all.log";
  throws(
    () => new Log({ ...settings, destinations: ["file"], file }, host),
    /logFile '\/nowhere\/at\/all.log' cannot be opened/,
  );
});

const unix = Deno.build.os !== "windows" && Deno.build.os !== "darwin";

if (unix) {
  Deno.test("log: syslog gets one datagram a message", async () => {
    const folder = await Deno.makeTempDir();
    const path = `${folder}/log`;
    const daemon = Deno.listenDatagram({ transport: "unixpacket", path });
    try {
      const destination = openSyslogDestination("livemux", () => at, [`${folder}/none`, path]);
      destination.write(at, "info", "one");
      destination.write(at, "error", "two");
      await destination.close(generous);
      const decoder = new TextDecoder();
      match(decoder.decode((await daemon.receive())[0]), /^<30>Mar {2}4 09:05:07 livemux\[\d+\]: one\n$/);
      match(decoder.decode((await daemon.receive())[0]), /^<27>Mar {2}4 09:05:07 livemux\[\d+\]: two\n$/);
    } finally {
      daemon.close();
      await Deno.remove(folder, { recursive: true });
    }
  });

  Deno.test("log: no system log is an error that says where it was looked for", () => {
    throws(() => openSyslogDestination("x", () => at, ["/nowhere/log"]), /looked for \/nowhere\/log/);
  });
}
