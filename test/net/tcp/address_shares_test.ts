import type { ByteConn } from "../../../src/net/byte_conn.ts";
import { parseNetwork } from "../../../src/net/networks.ts";
import { listenTcp } from "../../../src/net/tcp/mod.ts";
import { equal } from "../../support/assert.ts";

/** Where the client seems to come from. */
function hello(ip: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`PROXY TCP4 ${ip} 10.0.0.1 4000 80\r\n`);
}

Deno.test("TCP listener: one address gets half of the places, behind a trusted proxy each client's own", async () => {
  const errors: string[] = [];
  const listener = listenTcp({
    hostname: "127.0.0.1",
    port: 0,
    trustedProxies: [parseNetwork("127.0.0.1")],
    maxConnections: 4,
    onError: (error) => errors.push(String(error)),
  });
  const accepted = listener.accept()[Symbol.asyncIterator]();
  const clients: Deno.Conn[] = [];
  const dial = async (ip: string) => {
    const client = await Deno.connect({ hostname: "127.0.0.1", port: listener.address.port });
    clients.push(client);
    await client.write(hello(ip));
    return client;
  };
  const taken: ByteConn[] = [];
  const enter = async (ip: string) => {
    await dial(ip);
    taken.push((await accepted.next()).value!);
  };
  for (let i = 0; i < 2; i++) await enter("203.0.113.1");
  const refused = await dial("203.0.113.1");
  equal(await refused.read(new Uint8Array(1)), null);
  equal(errors, ["UserError: too many connections from 203.0.113.1"]);
  await enter("203.0.113.2");
  taken[0].close();
  taken[0].close();
  await enter("203.0.113.2");
  equal(taken.map(({ remote }) => remote.ip), [
    ...["203.0.113.1", "203.0.113.1"],
    ...["203.0.113.2", "203.0.113.2"],
  ]);
  for (let i = 0; i < 5; i++) await enter("127.0.0.1");
  listener.close();
  for (const conn of [...taken, ...clients]) conn.close();
  await accepted.next();
});
