/** Which loudspeaker each channel of an audio track is for (Enhanced RTMP v2, "AudioPacketType.MultichannelConfig"). */
import { ByteReader, ByteWriter } from "../../base/bytes.ts";
import { ParseError } from "../../base/errors.ts";

export type MultichannelConfig =
  | { readonly order: "unspecified"; readonly channelCount: number }
  /** `flags`: one bit per loudspeaker, in the order of the specification's AudioChannelMask. */
  | { readonly order: "native"; readonly channelCount: number; readonly flags: number }
  /** `mapping`: AudioChannel of each channel. */
  | { readonly order: "custom"; readonly channelCount: number; readonly mapping: Uint8Array };

const orders: readonly MultichannelConfig["order"][] = ["unspecified", "native", "custom"];

export function parseMultichannelConfig(data: Uint8Array): MultichannelConfig {
  const reader = new ByteReader(data);
  const orderNumber = reader.u8("audioChannelOrder");
  const order = orders[orderNumber];
  const channelCount = reader.u8("channelCount");
  switch (order) {
    case "unspecified":
      return { order, channelCount };
    case "native":
      return { order, channelCount, flags: reader.u32("audioChannelFlags") };
    case "custom":
      return { order, channelCount, mapping: reader.view(channelCount, "audioChannelMapping") };
    default:
      throw new ParseError("audioChannelOrder", `${orderNumber} is unknown`, 0);
  }
}

export function serializeMultichannelConfig(config: MultichannelConfig): Uint8Array<ArrayBuffer> {
  const { order, channelCount } = config;
  const extra = order === "native" ? 4 : order === "custom" ? config.mapping.length : 0;
  const writer = new ByteWriter(2 + extra).u8(orders.indexOf(order)).u8(channelCount);
  if (order === "native") writer.u32(config.flags);
  else if (order === "custom") writer.raw(config.mapping);
  return writer.bytes;
}
