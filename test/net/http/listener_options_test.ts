import { acceptedSockets, descriptors, libc, linux, setListenerOptions } from "../../../src/net/ffi/mod.ts";
import { equal, ok } from "../../support/assert.ts";

const ignore = libc() === undefined;

Deno.test({
  name: "accepted connections inherit what was set on their listener, and are found",
  ignore,
  fn: async () => {
    const library = libc()!;
    const table = descriptors()!;
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { hostname, port } = listener.addr;
    const local = { ip: hostname, port };
    ok(setListenerOptions(local, { sendTimeoutMs: 1234 }));
    equal(acceptedSockets(library, table, local), []);
    using client = await Deno.connect({ hostname, port });
    using accepted = await listener.accept();
    const found = acceptedSockets(library, table, local);
    equal(found.map(({ peer }) => peer), [{ ip: "127.0.0.1", port: client.localAddr.port }]);
    equal(acceptedSockets(library, table, { ip: "::", port }).length, 1);
    equal(acceptedSockets(library, table, { ip: "127.0.0.2", port }).length, 0);
    const number = table.claim("tcp", local, { ip: "127.0.0.1", port: client.localAddr.port })!;
    const option = (level: number, name: number) => {
      const value = new Int32Array(1);
      library.getsockopt(number, level, name, value, Uint32Array.of(4));
      return value[0];
    };
    equal(option(linux.IPPROTO_TCP, linux.TCP_NODELAY), 1);
    equal(option(linux.IPPROTO_TCP, linux.TCP_USER_TIMEOUT), 1234);
    equal(option(linux.SOL_SOCKET, linux.SO_KEEPALIVE), 1);
    // A claimed one has an owner that looks after it.
    equal(acceptedSockets(library, table, local), []);
    table.release(number);
    found[0].shutdown();
    equal(await client.read(new Uint8Array(1)), null);
    equal(await accepted.read(new Uint8Array(1)), null);
  },
});
