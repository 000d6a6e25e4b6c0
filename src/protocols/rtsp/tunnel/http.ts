import { UserError } from "../../../base/errors.ts";
import type { NetAddress } from "../../../net/address.ts";
import type { ByteConn } from "../../../net/byte_conn.ts";
import { Base64Decoder } from "../wire/tunnel/base64.ts";

/** How long one half waits for the other. */
const pairTimeoutMs = 5000;
/** Halves that wait at a time. */
const maxWaiting = 1000;
const readSize = 8192;

/** The half of a tunnel that has come first. */
interface Half {
  readonly direction: "GET" | "POST";
  readonly conn: ByteConn;
  /** What came behind the head of the request. */
  readonly rest: Uint8Array;
}

interface Waiting {
  readonly half: Half;
  readonly paired: (tunnel: ByteConn | null) => void;
  readonly timer: ReturnType<typeof setTimeout>;
}

/** Pairs the GET and the POST of HTTP tunnels by cookie and address. */
export class HttpTunnels {
  readonly #waiting = new Map<string, Waiting>();

  /**
   * Gives the tunnel to the half that completes it, and null to the half that came first: its connection then belongs
   * to the tunnel. Throws when the other half does not come.
   */
  join(cookie: string, half: Half): Promise<ByteConn | null> | ByteConn {
    const key = `${half.conn.remote.ip} ${cookie}`;
    const other = this.#waiting.get(key);
    if (other !== undefined && other.half.direction !== half.direction) {
      this.#forget(key, other);
      other.paired(null);
      try {
        return half.direction === "GET"
          ? new HttpTunnelConn(half, other.half)
          : new HttpTunnelConn(other.half, half);
      } catch (error) {
        // The first half's connection is nobody's but ours now.
        other.half.conn.close();
        throw error;
      }
    }
    if (other !== undefined || this.#waiting.size >= maxWaiting) {
      throw new UserError(
        other !== undefined ? "the tunnel cookie is in use" : "too many tunnels are being opened",
      );
    }
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(key);
        reject(new UserError("the other half of the HTTP tunnel did not come"));
      }, pairTimeoutMs);
      this.#waiting.set(key, { half, paired: resolve, timer });
    });
  }

  #forget(key: string, waiting: Waiting): void {
    clearTimeout(waiting.timer);
    this.#waiting.delete(key);
  }

  close(): void {
    for (const [key, waiting] of this.#waiting) {
      this.#forget(key, waiting);
      waiting.half.conn.close();
      waiting.paired(null);
    }
  }
}

/** Writes to the GET, reads base64 from the POST. */
class HttpTunnelConn implements ByteConn {
  readonly #decoder = new Base64Decoder();
  readonly #buffer = new Uint8Array(readSize);
  #decoded: Uint8Array;

  constructor(private readonly get: Half, private readonly post: Half) {
    this.#decoded = this.#decoder.decode(post.rest);
  }

  get local(): NetAddress {
    return this.get.conn.local;
  }

  get remote(): NetAddress {
    return this.get.conn.remote;
  }

  async read(into: Uint8Array): Promise<number | null> {
    while (this.#decoded.length === 0) {
      const count = await this.post.conn.read(this.#buffer);
      if (count === null) return null;
      this.#decoded = this.#decoder.decode(this.#buffer.subarray(0, count));
    }
    const count = Math.min(into.length, this.#decoded.length);
    into.set(this.#decoded.subarray(0, count));
    this.#decoded = this.#decoded.subarray(count);
    return count;
  }

  write(bytes: Uint8Array): Promise<void> {
    return this.get.conn.write(bytes);
  }

  tryWrite(bytes: Uint8Array): number {
    return this.get.conn.tryWrite(bytes);
  }

  close(): void {
    this.get.conn.close();
    this.post.conn.close();
  }
}
