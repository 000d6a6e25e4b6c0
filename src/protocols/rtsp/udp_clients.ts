import { UserError } from "../../base/errors.ts";
import type { Datagram } from "../../net/udp/socket.ts";

/** What is done with the datagrams of one client. */
export interface DatagramReceiver {
  receive(bytes: Uint8Array, now: number): void;
  /** Everything that arrived together has been handed over. */
  flush(now: number): void;
}

/** Which session a datagram on one of the server's UDP ports belongs to: known by address and port of the client. */
export class UdpClients {
  readonly #byPort = new Map<number, Map<string, DatagramReceiver>>();
  readonly #touched = new Set<DatagramReceiver>();

  /** Gives the undo. Throws UserError when another session has this address and port. */
  add(ip: string, port: number, receiver: DatagramReceiver): () => void {
    let byIp = this.#byPort.get(port);
    if (byIp === undefined) this.#byPort.set(port, byIp = new Map());
    if (byIp.has(ip)) {
      throw new UserError(`UDP port ${port} is already assigned to another session of ${ip}`);
    }
    byIp.set(ip, receiver);
    return () => {
      byIp.delete(ip);
      if (byIp.size === 0 && this.#byPort.get(port) === byIp) this.#byPort.delete(port);
    };
  }

  dispatch(datagrams: readonly Datagram[], now: number): void {
    for (const { bytes, from } of datagrams) {
      const receiver = this.#byPort.get(from.port)?.get(from.ip);
      if (receiver === undefined) continue;
      receiver.receive(bytes, now);
      this.#touched.add(receiver);
    }
    for (const receiver of this.#touched) receiver.flush(now);
    this.#touched.clear();
  }
}
