import type { NetAddress } from "../../net/address.ts";
import type { SrtpReceiver, SrtpSender } from "../../rtp/srtp/mod.ts";
import type { MulticastGroup } from "./multicast.ts";

/** What SETUP agreed on for one media section. */
export type MediaSetup =
  & {
    readonly mediaIndex: number;
    readonly srtp: MediaSrtp | null;
    /** Gives back what was reserved: UDP ports, a multicast group. */
    readonly release: () => void;
  }
  & (
    | { readonly delivery: "tcp"; readonly channel: number }
    | { readonly delivery: "udp"; readonly rtp: NetAddress; readonly rtcp: NetAddress }
    | { readonly delivery: "multicast"; readonly group: MulticastGroup }
  );

/** `receiver`: with the client's key. `sender`: with ours; of readers it belongs to the stream. */
export interface MediaSrtp {
  readonly receiver: SrtpReceiver;
  readonly sender: SrtpSender;
  /** Frees what belongs to this section alone. */
  close(): void;
}
