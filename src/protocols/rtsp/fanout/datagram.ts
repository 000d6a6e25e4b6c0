import type { NetAddress } from "../../../net/address.ts";
import type { PacketBatch, UdpGroup, UdpSocket } from "../../../net/udp/socket.ts";

/** What a reader has been sent. */
export interface RtspSent {
  /** RTP. */
  readonly packets: number;
  /** RTP and RTCP, with the framing of TCP. */
  readonly bytes: number;
  /** Compound RTCP packets. */
  readonly reports: number;
}

/** The server's pair of UDP ports, for RTP and RTCP or for their encrypted forms. */
export interface UdpPair {
  readonly rtp: UdpSocket;
  readonly rtcp: UdpSocket;
}

/** Everybody who gets one track over UDP: unicast readers of the server's ports, or one multicast group. */
export class DatagramFanout {
  readonly #rtp: UdpGroup;
  readonly #rtcp: UdpGroup;
  #packets = 0;
  #bytes = 0;
  #reports = 0;

  constructor(pair: UdpPair) {
    this.#rtp = pair.rtp.createGroup();
    this.#rtcp = pair.rtcp.createGroup();
  }

  get size(): number {
    return this.#rtp.size;
  }

  /** What each of the destinations has been sent since the first one came. */
  get sent(): RtspSent {
    return { packets: this.#packets, bytes: this.#bytes, reports: this.#reports };
  }

  add(rtp: NetAddress, rtcp: NetAddress): () => void {
    this.#rtp.add(rtp);
    this.#rtcp.add(rtcp);
    return () => {
      this.#rtp.remove(rtp);
      this.#rtcp.remove(rtcp);
    };
  }

  write(batch: PacketBatch): void {
    this.#packets += batch.sizes.length;
    this.#bytes += batch.bytes.length;
    this.#rtp.send(batch);
  }

  writeReport(report: Uint8Array): void {
    this.#reports++;
    this.#bytes += report.length;
    this.#rtcp.send({ bytes: report, sizes: [report.length] });
  }
}
