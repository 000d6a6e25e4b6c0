/** Our TURN client against coturn: UDP, TCP and TLS, with a password and with a shared secret. */
import type { IceServerConf } from "../../../src/protocols/webrtc/ice/mod.ts";
import { relayScenario } from "../../protocols/webrtc/ice/support/relay_scenario.ts";
import { equal, match } from "../../support/assert.ts";
import { createCertificate } from "../support/certificate.ts";
import { freeTcpPort } from "../../support/ports.ts";

const startTries = 3;
const startTimeoutMs = 120_000;
const host = "127.0.0.1";
const passwords = ["--lt-cred-mech", "--user", "me:pass"];

/** Owns the process and the folder of its files. */
class Coturn {
  private constructor(
    readonly port: number,
    private readonly process: Deno.ChildProcess,
    private readonly folder: string,
    private readonly output: Promise<void>,
  ) {}

  /** Runs it on a free port; resolves when it answers. */
  static async start(credentials: readonly string[]): Promise<Coturn> {
    for (let attempt = 1;; attempt++) {
      const port = freeTcpPort();
      const folder = await Deno.makeTempDir();
      const process = new Deno.Command("turnserver", {
        cwd: folder,
        // deno-fmt-ignore
        args: [
          "-n", "--listening-ip", host, "--relay-ip", host, "--listening-port", String(port),
          "--allow-loopback-peers", "--no-dtls", "--no-cli", "--realm", "test",
          "--log-file", "stdout", "--pidfile", `${folder}/pid`, "--userdb", `${folder}/db`,
          ...credentials,
        ],
        stdin: "null",
        stdout: "null",
        stderr: "null",
      }).spawn();
      const server = new Coturn(port, process, folder, process.status.then(() => {}));
      if (await server.#isListening()) return server;
      await server.close();
      if (attempt === startTries) throw new Error(`turnserver does not listen on port ${port}`);
    }
  }

  async #isListening(): Promise<boolean> {
    const until = Date.now() + startTimeoutMs;
    let ended = false;
    void this.output.then(() => ended = true);
    while (Date.now() < until && !ended) {
      try {
        (await Deno.connect({ hostname: host, port: this.port })).close();
        return true;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
    return false;
  }

  async close(): Promise<void> {
    try {
      this.process.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
    await this.output;
    await Deno.remove(this.folder, { recursive: true });
  }
}

async function relayProcess(
  server: IceServerConf,
  flags: readonly string[],
): Promise<{ readonly code: number; readonly text: string }> {
  const script = new URL("../support/turn_relay.ts", import.meta.url).pathname;
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--quiet", ...flags, script, JSON.stringify(server)],
    stderr: "inherit",
  }).output();
  return { code, text: new TextDecoder().decode(stdout) };
}

async function withCoturn(
  credentials: readonly string[],
  servers: (port: number) => readonly IceServerConf[],
): Promise<void> {
  const coturn = await Coturn.start(credentials);
  try {
    for (const server of servers(coturn.port)) await relayScenario(server);
  } finally {
    await coturn.close();
  }
}

Deno.test("coturn: media goes through it over UDP and TCP", () =>
  withCoturn(passwords, (port) =>
    ["", "?transport=tcp"].map((query) => ({
      url: `turn:${host}:${port}${query}`,
      username: "me",
      password: "pass",
      clientOnly: false,
    }))));

Deno.test("coturn: media goes through it over TLS, and only when its certificate is trusted", async () => {
  await using certificate = await createCertificate();
  const { certFile, keyFile } = certificate;
  const coturn = await Coturn.start([...passwords, "--cert", certFile, "--pkey", keyFile]);
  try {
    const server = {
      url: `turns:localhost:${coturn.port}?transport=tcp`,
      username: "me",
      password: "pass",
      clientOnly: false,
    };
    equal(await relayProcess(server, ["--cert", certFile]), { code: 0, text: "" });
    const { code, text } = await relayProcess(server, []);
    equal(code, 1);
    match(text, /^ICE server turns:localhost:\d+\?transport=tcp .*certificate/i);
  } finally {
    await coturn.close();
  }
});

Deno.test("coturn: it accepts credentials made from the secret", () =>
  withCoturn(["--use-auth-secret", "--static-auth-secret", "hidden"], (port) => [{
    url: `turn:${host}:${port}`,
    username: "AUTH_SECRET",
    password: "hidden",
    clientOnly: false,
  }]));
