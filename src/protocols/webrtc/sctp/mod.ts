/** Data channels: RFC 8831. */
export {
  type DataChannel,
  DataChannels,
  type DataChannelsOptions,
  defaultMaxMessageSize,
  defaultSctpPort,
} from "./data_channels.ts";
export { maxReceivedMessage } from "./engine/receiving.ts";
