/** Connections to RTSP servers: direct or in TLS, bare or in a tunnel. */
import { UserError } from "../../../base/errors.ts";
import type { NetAddress } from "../../../net/address.ts";
import type { ByteConn } from "../../../net/byte_conn.ts";
import { listenAddressText } from "../../../net/listen_address.ts";
import { dialTcp, dialTls } from "../../../net/tcp/mod.ts";
import { WebsocketConn } from "../tunnel/websocket.ts";
import { MessageReader } from "../wire/message_reader.ts";
import type { RtspResponse } from "../wire/response.ts";
import { encodeTunnelled, serializeHttpTunnelRequest } from "../wire/tunnel/http.ts";
import { checkWebsocketResponse, serializeWebsocketRequest } from "../wire/tunnel/websocket_handshake.ts";
import { pathAndQuery, type RtspUrl } from "../wire/url.ts";

const defaultPorts = { rtsp: 554, rtsps: 322 } as const;

/** How to reach a server. */
export interface DialOptions {
  readonly url: RtspUrl;
  /** See `DialTlsOptions`. */
  readonly fingerprint: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Throws UserError and ParseError. */
export async function dialRtsp(options: DialOptions): Promise<ByteConn> {
  const conn = await dialDirect(options);
  const { url, signal } = options;
  if (url.tunnel === undefined) return conn;
  const stop = () => conn.close();
  signal.addEventListener("abort", stop);
  const timer = setTimeout(stop, options.timeoutMs);
  try {
    return url.tunnel === "ws" ? await openWebsocket(conn, url) : await openHttp(conn, options);
  } catch (error) {
    conn.close();
    throw error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  }
}

function dialDirect({ url, fingerprint, timeoutMs, signal }: DialOptions): Promise<ByteConn> {
  const target = { hostname: url.host, port: url.port ?? defaultPorts[url.scheme], timeoutMs, signal };
  return url.scheme === "rtsp" ? dialTcp(target) : dialTls({ ...target, fingerprint });
}

function hostHeader(url: RtspUrl): string {
  return listenAddressText({ hostname: url.host, port: url.port ?? defaultPorts[url.scheme] });
}

/** The answer to a request that opens a tunnel, and what came behind its head. */
async function readAnswer(conn: ByteConn): Promise<{ response: RtspResponse; rest: Uint8Array }> {
  const reader = new MessageReader();
  for (;;) {
    const count = await conn.read(reader.space());
    if (count === null) {
      throw new UserError("the server has closed the connection instead of opening a tunnel");
    }
    reader.filled(count);
    const message = reader.next();
    if (message === null) continue;
    if (message.kind !== "response") throw new UserError("the server has not answered as HTTP servers do");
    return { response: message.response, rest: reader.takeRest() };
  }
}

async function openWebsocket(conn: ByteConn, url: RtspUrl): Promise<ByteConn> {
  const key = btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(16))));
  await conn.write(serializeWebsocketRequest({ target: pathAndQuery(url), host: hostHeader(url), key }));
  const { response, rest } = await readAnswer(conn);
  checkWebsocketResponse(response, key);
  return new WebsocketConn(conn, rest, "server");
}

async function openHttp(get: ByteConn, options: DialOptions): Promise<ByteConn> {
  const { url } = options;
  const cookie = crypto.randomUUID().replaceAll("-", "");
  const request = { target: pathAndQuery(url), host: hostHeader(url), cookie };
  await get.write(serializeHttpTunnelRequest("GET", request));
  const { response, rest } = await readAnswer(get);
  if (response.status !== 200) {
    throw new UserError(`the server refuses an HTTP tunnel: status ${response.status}`);
  }
  const post = await dialDirect(options);
  try {
    await post.write(serializeHttpTunnelRequest("POST", request));
  } catch (error) {
    post.close();
    throw error;
  }
  return new HttpTunnelClient(get, post, rest);
}

/** Reads from the GET, writes base64 to the POST. */
class HttpTunnelClient implements ByteConn {
  constructor(
    private readonly get: ByteConn,
    private readonly post: ByteConn,
    private rest: Uint8Array,
  ) {}

  get local(): NetAddress {
    return this.get.local;
  }

  get remote(): NetAddress {
    return this.get.remote;
  }

  async read(into: Uint8Array): Promise<number | null> {
    if (this.rest.length === 0) return await this.get.read(into);
    const count = Math.min(into.length, this.rest.length);
    into.set(this.rest.subarray(0, count));
    this.rest = this.rest.subarray(count);
    return count;
  }

  write(bytes: Uint8Array): Promise<void> {
    return this.post.write(encodeTunnelled(bytes));
  }

  /** What has been encoded cannot be written by halves. */
  tryWrite(): number {
    return 0;
  }

  close(): void {
    this.get.close();
    this.post.close();
  }
}
