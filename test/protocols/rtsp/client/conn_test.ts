import { silentLogger } from "../../../../src/base/logger.ts";
import type { ByteConn } from "../../../../src/net/byte_conn.ts";
import { Authorizer } from "../../../../src/protocols/rtsp/client/authorizer.ts";
import { ClientConn, maxPendingWrites } from "../../../../src/protocols/rtsp/client/conn.ts";
import { equal, rejects } from "../../../support/assert.ts";

/** A server that asks again and again, and reads nothing. */
class Asking implements ByteConn {
  readonly local = { ip: "127.0.0.1", port: 1 };
  readonly remote = { ip: "127.0.0.1", port: 2 };
  reads = 0;
  writes = 0;
  readonly #question = new TextEncoder().encode("OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n");

  constructor(private readonly questions: number) {}

  read(into: Uint8Array): Promise<number | null> {
    if (this.reads === this.questions) return Promise.resolve(null);
    this.reads++;
    into.set(this.#question);
    return Promise.resolve(this.#question.length);
  }

  write(): Promise<void> {
    this.writes++;
    return new Promise(() => {});
  }

  tryWrite(): number {
    return 0;
  }

  close(): void {}
}

function run(conn: ByteConn): Promise<void> {
  const handler = { frame: () => {}, flush: () => {} };
  return new ClientConn(conn, silentLogger, new Authorizer(null, true), handler, 1000).run();
}

Deno.test("rtsp client: a server that asks without reading the answers does not fill the memory", async () => {
  const patient = new Asking(maxPendingWrites);
  await run(patient);
  equal(patient.writes, 1);
  const greedy = new Asking(Infinity);
  await rejects(run(greedy), /does not read the answers/);
  equal(greedy.reads, maxPendingWrites + 1);
});
