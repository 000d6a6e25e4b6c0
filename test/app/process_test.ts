/** The real program, as a process. */
import { equal, match, ok } from "../support/assert.ts";
import { serversOff } from "../support/servers_off.ts";

const root = new URL("../../", import.meta.url);
const decoder = new TextDecoder();

function program(args: readonly string[]): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "-A", "main.ts", ...args],
    cwd: root,
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const { code, stdout, stderr } = await program(args).output();
  return { code, out: decoder.decode(stdout), err: decoder.decode(stderr) };
}

async function withConf(text: string, action: (path: string) => Promise<void>): Promise<void> {
  const path = await Deno.makeTempFile({ suffix: ".yml" });
  try {
    await Deno.writeTextFile(path, text);
    await action(path);
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("process: --version", async () => {
  const { code, out, err } = await run("--version");
  equal(code, 0, err);
  match(out, /^v\d+\.\d+\.\d+\n$/);
});

Deno.test("process: an unknown flag", async () => {
  const { code, out, err } = await run("--nonsense");
  equal(code, 80);
  match(out, /^Usage: livemux/);
  match(err, /^livemux: error: unknown flag --nonsense\n$/m);
});

Deno.test("process: --check of a good file", async () => {
  await withConf("paths:\n  all_others:\n", async (path) => {
    const { code, out, err } = await run("--check", path);
    equal(code, 0, out + err);
    match(out, /the configuration is valid\n$/);
  });
});

Deno.test("process: --check of a bad file names the place", async () => {
  await withConf("logLevel: info\npathz:\n", async (path) => {
    const { code, out } = await run(path, "--check");
    equal(code, 1);
    match(out, /^ERR: /);
    ok(out.includes("pathz") && out.includes("2:1"), out);
  });
});

Deno.test("process: a file that does not exist", async () => {
  const { code, out } = await run("/nowhere/x.yml");
  equal(code, 1);
  match(out, /^ERR: .*\/nowhere\/x\.yml/);
});

/** Nothing listens: the ports of the defaults may be in use. */
const noServers = Object.keys(serversOff()).map((key) => `${key}: false\n`).join("");

const signals: readonly Deno.Signal[] = Deno.build.os === "windows" ? [] : ["SIGINT", "SIGTERM"];
for (const signal of signals) {
  Deno.test(`process: ${signal} stops cleanly`, async () => {
    await withConf(`${noServers}paths:\n  all_others:\n`, async (path) => {
      await using child = program([path]).spawn();
      let out = "";
      const lines = child.stdout.pipeThrough(new TextDecoderStream());
      for await (const text of lines) {
        // The signals are listened to before the first line is written.
        if (out === "") child.kill(signal);
        out += text;
      }
      const errors = await new Response(child.stderr).text();
      const { code } = await child.status;
      equal(code, 0, errors);
      match(out, /INF Livemux v.*\n.* INF configuration loaded from .*\n/);
      match(out, /INF shutting down gracefully\n$/);
      ok(!/listen/i.test(out), out);
    });
  });
}
