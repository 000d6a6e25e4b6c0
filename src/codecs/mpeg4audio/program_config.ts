import type { BitReader } from "../../base/bits.ts";

/**
 * Reads a program_config_element (ISO/IEC 14496-3 §4.4.1.1) and gives its number of channels. `origin` is the bit
 * position that byte_alignment counts from: the start of the AudioSpecificConfig.
 */
export function readProgramConfigChannels(reader: BitReader, origin: number): number {
  reader.skip(4 + 2 + 4, "element_instance_tag");
  const front = reader.bits(4, "num_front_channel_elements");
  const side = reader.bits(4, "num_side_channel_elements");
  const back = reader.bits(4, "num_back_channel_elements");
  const lfe = reader.bits(2, "num_lfe_channel_elements");
  const data = reader.bits(3, "num_assoc_data_elements");
  const coupling = reader.bits(4, "num_valid_cc_elements");
  if (reader.flag("mono_mixdown_present")) reader.skip(4, "mono_mixdown_element_number");
  if (reader.flag("stereo_mixdown_present")) reader.skip(4, "stereo_mixdown_element_number");
  if (reader.flag("matrix_mixdown_idx_present")) reader.skip(3, "matrix_mixdown_idx");
  let channels = lfe;
  for (let i = 0; i < front + side + back; i++) {
    channels += reader.flag("element_is_cpe") ? 2 : 1;
    reader.skip(4, "element_tag_select");
  }
  reader.skip(4 * (lfe + data) + 5 * coupling, "lfe_element_tag_select");
  reader.skip((8 - ((reader.offset - origin) & 7)) & 7, "byte_alignment");
  const comment = reader.bits(8, "comment_field_bytes");
  reader.skip(8 * comment, "comment_field_data");
  return channels;
}
