import type { Logger } from "../../base/logger.ts";
import type { ByteConn } from "../../net/byte_conn.ts";
import type { Conf } from "../../conf/mod.ts";
import type { PathManager } from "../../paths/mod.ts";
import type { PacketCrypto } from "../../base/packet_crypto.ts";
import type { UdpPair } from "./fanout/datagram.ts";
import type { MulticastPool } from "./multicast.ts";
import type { Tunnel } from "./conn.ts";
import type { RtspSession } from "./session.ts";
import type { StreamStates } from "./stream_state.ts";
import type { HttpTunnels } from "./tunnel/http.ts";
import type { UdpClients } from "./udp_clients.ts";

/** A server without requests for this long closes a connection; a UDP reader without sign of life is closed likewise. */
export const idleTimeoutMs = 60_000;
/** What clients are told: some send their keep-alive exactly when the time is over. */
export const announcedTimeoutSeconds = 55;

/** What the parts of one RTSP (or RTSPS) server share. */
export interface RtspContext {
  readonly secure: boolean;
  /** In use now; a change replaces it. */
  conf: Conf;
  readonly logger: Logger;
  readonly pathManager: PathManager;
  readonly srtpCrypto: PacketCrypto;
  /** Null when UDP is disabled. */
  readonly udp: {
    readonly pair: UdpPair;
    readonly rtpClients: UdpClients;
    readonly rtcpClients: UdpClients;
  } | null;
  /** Null when multicast is disabled. */
  readonly multicast: MulticastPool | null;
  /** By the secret id that the Session header carries. */
  readonly sessions: Map<string, RtspSession>;
  readonly streams: StreamStates;
  readonly tunnels: HttpTunnels;
  /** Starts to serve what came out of a tunnel. */
  serve(conn: ByteConn, tunnel: Tunnel): void;
}
