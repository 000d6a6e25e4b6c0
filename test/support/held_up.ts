/** A process that stands still, as on a machine that is suspended or too busy, while something arrives for it. */

export const heldUpMs = 2000;

/**
 * `act` gets a promise that settles as soon as the byte is read that has arrived while the process stood still. Timers
 * that it starts are due when the process goes on, and come first.
 */
export async function whileHeldUp<T>(act: (arrived: Promise<unknown>) => T): Promise<Awaited<T>> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const [conn, peer] = await Promise.all([listener.accept(), Deno.connect({ hostname: "127.0.0.1", port })]);
  try {
    const arrived = conn.read(new Uint8Array(1));
    const result = act(arrived);
    const sent = peer.write(Uint8Array.of(1));
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, heldUpMs);
    await sent;
    return await result;
  } finally {
    conn.close();
    peer.close();
  }
}
