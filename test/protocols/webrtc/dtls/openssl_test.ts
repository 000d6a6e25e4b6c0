/** The command line tool of OpenSSL as a peer that is not ours. */
import { X509Certificate } from "node:crypto";
import { createSelfSignedCertificate } from "../../../../src/net/self_signed.ts";
import { systemDtlsAvailable } from "../../../../src/net/system_dtls.ts";
import type { DtlsProvider, SrtpKeys } from "../../../../src/protocols/webrtc/contracts.ts";
import { fingerprintOf } from "../../../../src/protocols/webrtc/dtls/fingerprint.ts";
import { openDtlsProvider } from "../../../../src/protocols/webrtc/dtls/mod.ts";
import { equal, hex } from "../../../support/assert.ts";
import { guarded } from "../../../support/guarded.ts";
import { datagramsOf } from "./support.ts";

const names: readonly DtlsProvider["name"][] = systemDtlsAvailable ? ["libssl", "portable"] : ["portable"];

const installed = await new Deno.Command("openssl", { args: ["version"], stdout: "null", stderr: "null" })
  .output().then(({ success }) => success, () => false);

interface Files {
  readonly certificate: string;
  readonly key: string;
  readonly der: Uint8Array;
}

async function createFiles(folder: string, kind: "ec" | "rsa"): Promise<Files> {
  const files = { certificate: `${folder}/certificate.pem`, key: `${folder}/key.pem` };
  if (kind === "ec") {
    const now = Date.now();
    const made = createSelfSignedCertificate({ commonName: "peer", notBefore: now, notAfter: now + 1e9 });
    await Deno.writeTextFile(files.certificate, made.certificate);
    await Deno.writeTextFile(files.key, made.key);
  } else {
    const args = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=peer"];
    const { success } = await new Deno.Command("openssl", {
      args: [...args, "-keyout", files.key, "-out", files.certificate],
      stdout: "null",
      stderr: "null",
    }).output();
    equal(success, true);
  }
  const pem = await Deno.readTextFile(files.certificate);
  return { ...files, der: new Uint8Array(new X509Certificate(pem).raw) };
}

/** A UDP socket and a session of ours, joined; the peer's address is that of its first datagram unless given. */
function join(provider: DtlsProvider, role: "server" | "client", certificate: Uint8Array, to?: Deno.NetAddr) {
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const received: string[] = [];
  const arrived = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<string>();
  let peer = to;
  const session = provider.createSession({
    role,
    remoteFingerprints: [fingerprintOf(certificate, "sha-256")],
    send: (batch) => {
      for (const datagram of datagramsOf(batch)) {
        if (peer !== undefined) socket.send(datagram, peer).catch(() => {});
      }
    },
    onData: (bytes) => {
      received.push(new TextDecoder().decode(bytes));
      arrived.resolve();
    },
    onClose: closed.resolve,
  });
  const ended = (async () => {
    for await (const [bytes, from] of socket) {
      if (from.transport === "udp") peer ??= from;
      session.receive(bytes);
    }
  })();
  const port = socket.addr.transport === "udp" ? socket.addr.port : 0;
  const close = async () => {
    session.close();
    socket.close();
    await ended;
  };
  return { session, port, received, arrived: arrived.promise, closed: closed.promise, close };
}

const gcmKeyingSize = 56;
const keyArguments = [
  ...["-dtls1_2", "-use_srtp", "SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80"],
  ...["-keymatexport", "EXTRACTOR-dtls_srtp", "-keymatexportlen", String(gcmKeyingSize)],
];

class Tool {
  readonly #child: Deno.ChildProcess;
  readonly #stdin: WritableStreamDefaultWriter<Uint8Array>;
  readonly #read: Promise<void>;
  #output = "";
  #changed = Promise.withResolvers<void>();

  constructor(args: readonly string[]) {
    this.#child = new Deno.Command("openssl", {
      args: [...args],
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    this.#stdin = this.#child.stdin.getWriter();
    this.#read = this.#follow();
  }

  async #follow(): Promise<void> {
    for await (const text of this.#child.stdout.pipeThrough(new TextDecoderStream())) {
      this.#output += text;
      this.#changed.resolve();
      this.#changed = Promise.withResolvers();
    }
  }

  /** The first group of the pattern, as soon as it is printed. */
  async find(pattern: RegExp): Promise<string> {
    for (;;) {
      const found = this.#output.match(pattern);
      if (found !== null) return found[1];
      await guarded(`${pattern} in ${this.#output}`, this.#changed.promise);
    }
  }

  write(text: string): Promise<void> {
    return this.#stdin.write(new TextEncoder().encode(text));
  }

  async end(): Promise<void> {
    await this.#stdin.close().catch(() => {});
    try {
      this.#child.kill("SIGTERM");
    } catch {
      // It has ended by itself.
    }
    await this.#child.status;
    await this.#read;
  }
}

/** As the exporter gives it: keys of client and server, salts of client and server. */
function exported({ local, remote }: SrtpKeys, role: "server" | "client"): string {
  const [client, server] = role === "client" ? [local, remote] : [remote, local];
  return [client.key, server.key, client.salt, server.salt].map(hex).join("");
}

for (const name of names) {
  for (const kind of ["ec", "rsa"] as const) {
    Deno.test({
      name: `DTLS, ${name}: openssl s_client with a key of type ${kind} gets the same keys`,
      ignore: !installed,
      async fn() {
        const folder = await Deno.makeTempDir();
        const files = await createFiles(folder, kind);
        const provider = await openDtlsProvider({ implementation: name });
        const us = join(provider, "server", files.der);
        const identity = ["-cert", files.certificate, "-key", files.key];
        const tool = new Tool(["s_client", "-connect", `127.0.0.1:${us.port}`, ...identity, ...keyArguments]);
        const keys = await guarded("the handshake", us.session.connected);
        const theirs = await tool.find(/Keying material: ([0-9A-F]+)\n/);
        equal(exported(keys, "server"), theirs.toLowerCase());
        await tool.write("from openssl\n");
        await guarded("data", us.arrived);
        equal(us.received, ["from openssl\n"]);
        us.session.sendData(new TextEncoder().encode("to openssl\n"));
        equal(await tool.find(/(to openssl)/), "to openssl");
        await tool.write("Q\n");
        equal(await guarded("the end", us.closed), "the peer closed the DTLS association");
        await us.close();
        await tool.end();
        provider.close();
        await Deno.remove(folder, { recursive: true });
      },
    });

    Deno.test({
      name: `DTLS, ${name}: openssl s_server with a key of type ${kind} gets the same keys`,
      ignore: !installed,
      async fn() {
        const folder = await Deno.makeTempDir();
        const files = await createFiles(folder, kind);
        const provider = await openDtlsProvider({ implementation: name });
        const identity = ["-cert", files.certificate, "-key", files.key, "-verify", "1"];
        // With -listen it answers with a HelloVerifyRequest first.
        const tool = new Tool([
          "s_server",
          "-accept",
          "127.0.0.1:0",
          "-listen",
          ...identity,
          ...keyArguments,
        ]);
        const port = Number(await tool.find(/ACCEPT [^\n]*:(\d+)\n/));
        const to: Deno.NetAddr = { transport: "udp", hostname: "127.0.0.1", port };
        const us = join(provider, "client", files.der, to);
        const keys = await guarded("the handshake", us.session.connected);
        const theirs = await tool.find(/Keying material: ([0-9A-F]+)\n/);
        equal(exported(keys, "client"), theirs.toLowerCase());
        us.session.sendData(new TextEncoder().encode("to openssl\n"));
        equal(await tool.find(/(to openssl)/), "to openssl");
        await us.close();
        await tool.end();
        provider.close();
        await Deno.remove(folder, { recursive: true });
      },
    });
  }
}

for (const name of names) {
  Deno.test({
    name: `DTLS, ${name}: a client without a certificate is refused`,
    ignore: !installed,
    async fn() {
      const provider = await openDtlsProvider({ implementation: name });
      const us = join(provider, "server", new Uint8Array(1));
      const tool = new Tool(["s_client", "-connect", `127.0.0.1:${us.port}`, ...keyArguments]);
      const reason = await guarded("the refusal", us.session.connected.then(() => "connected", String));
      equal(/did not return a certificate|has no certificate/.test(reason), true, reason);
      await us.close();
      await tool.end();
      provider.close();
    },
  });
}
