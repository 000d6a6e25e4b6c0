import { errorText, ParseError } from "../../base/errors.ts";
import { errorsLine, RateLimitedReport } from "../../base/rate_limited.ts";
import type { PathConf } from "../../conf/mod.ts";
import type { PathAccess, PublisherSeat } from "../../paths/mod.ts";
import { parseRtpPacket, type RtpPacket } from "../../rtp/packet.ts";
import { ReceptionStats } from "../../rtp/reception.ts";
import { RtpReorderer } from "../../rtp/reorder.ts";
import { parseRtcp } from "../../rtp/rtcp/mod.ts";
import type { SdpMedia } from "../../sdp/mod.ts";
import type { Sink } from "../../stream/sink.ts";
import { RtpIngest } from "../../stream/rtp_ingest.ts";
import { StreamClock } from "../../stream/timestamps.ts";
import type { Track } from "../../stream/track.ts";
import type { Unit } from "../../stream/unit.ts";
import type { RtspContext } from "./context.ts";
import type { MediaSetup } from "./media_setup.ts";
import type { RtspSession } from "./session.ts";
import { findControl } from "./wire/control.ts";
import { serializeInterleaved } from "./wire/interleaved.ts";
import type { RtspUrl } from "./wire/url.ts";

/** RFC 3550 §6.2 asks for about 5 s; publishers use the reports for their own statistics only. */
const reportPeriodMs = 10_000;
