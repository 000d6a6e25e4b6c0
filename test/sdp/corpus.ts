/** What descriptions that cameras, players and servers send are read as: file in test/fixtures/sdp, then its medias. */
export const corpus: readonly (readonly [file: string, medias: readonly string[]])[] = [
  ["aac_without_config", [
    "audio <track1> 96 MPEG-4 Audio@44100 config=2/44100/2 sizeLength=13 indexLength=3 indexDeltaLength=3 profileLevelId=1",
    "audio <track2> 97 MPEG-4 Audio@8000 config=2/8000/1 sizeLength=13 indexLength=3 indexDeltaLength=3 profileLevelId=1",
    "audio <track3> 98 MPEG-4 Audio@16000 config=2/16000/1 sizeLength=6 indexLength=2 indexDeltaLength=2 profileLevelId=1",
    "audio <track4> 99 Generic@8000 rtpmap=mpeg4-generic",
  ]],
  ["all_sendonly", [
    "video <0> 96 H264@90000 packetizationMode=0",
    "audio <1> 8 G711@8000 muLaw=false sampleRate=8000 channelCount=1",
  ]],
  ["attributes_before_media", [
    "video <-> 96 H264@90000 sps=25:674d pps=5:68eb packetizationMode=1",
  ]],
  ["axis_camera", [
    "video <rtsp://192.168.0.90/axis-media/media.amp/stream=0?audio=1> 96 H264@90000 sps=25:674d pps=5:68eb packetizationMode=1",
    "audio <rtsp://192.168.0.90/axis-media/media.amp/stream=1?audio=1> 97 MPEG-4 Audio@16000 config=2/16000/1 sizeLength=13 indexLength=3 indexDeltaLength=3 profileLevelId=2",
  ]],
  ["axis_mjpeg", [
    "video <trackID=1> 26 M-JPEG@90000",
  ]],
  ["broken_parameter_sets", [
    "video <track1> 96 H264@90000 packetizationMode=1",
    "video <track2> 97 H264@90000 packetizationMode=0",
    "video <track3> 98 H264@90000 sps=25:674d pps=5:68eb packetizationMode=1",
    "video <track4> 99 H265@90000 vps=23:4001 sps=44:4201 pps=8:4401",
  ]],
  ["carriage_returns_only", [
    "audio <track1> 97 Opus@48000 channelCount=2",
  ]],
  ["dahua_onvif_backchannel", [
    "video <trackID=0> 96 H264@90000 sps=25:674d pps=5:68eb packetizationMode=1",
    "audio <trackID=1> 8 G711@8000 muLaw=false sampleRate=8000 channelCount=1",
    "application <trackID=4> 107 Generic@90000 rtpmap=vnd.onvif.metadata/90000",
    "audio back <trackID=5> 116 MPEG-4 Audio@64000 config=2/64000/1 sizeLength=13 indexLength=3 indexDeltaLength=3 profileLevelId=1 | 97 LPCM@8000 bitDepth=16 sampleRate=8000 channelCount=1 | 0 G711@8000 muLaw=true sampleRate=8000 channelCount=1 | 100 G711@16000 muLaw=false sampleRate=16000 channelCount=1",
  ]],
  ["empty_lines_no_final_end", [
    "audio <track1> 97 G711@16000 muLaw=true sampleRate=16000 channelCount=2",
  ]],
  ["ffmpeg_latm", [
    "audio <streamid=0> 97 MPEG-4 Audio LATM@48000 profileLevelId=41 configInBand=false streamMuxConfig=6:4000 config=2/48000/2",
  ]],
  ["ffmpeg_mpeg4_vorbis", [
    "video <streamid=0> 96 MPEG-4 Video@90000 profileLevelId=1 config=47:0000",
    "audio <streamid=1> 97 Vorbis@48000 rtpmap=vorbis/48000/2 fmtp=configuration=AAAAAf7Nug8WAh4AAXZvcmJpcw==",
  ]],
  ["ffmpeg_publisher", [
    "video <streamid=0> 96 H265@90000 vps=23:4001 sps=44:4201 pps=8:4401",
    "audio <streamid=1> 97 MPEG-4 Audio@48000 config=2/48000/2 sizeLength=13 indexLength=3 indexDeltaLength=3 profileLevelId=1",
  ]],
  ["flir_now", [
    "video <track1> 96 MPEG-4 Video@90000 profileLevelId=6 config=5:0000",
  ]],
  ["foscam_camera", [
    "video <track1> 96 H264@90000 sps=25:674d pps=5:68eb packetizationMode=1",
    "audio <track2> 0 G711@8000 muLaw=true sampleRate=8000 channelCount=1",
  ]],
  ["gstreamer_latm", [
    "audio <stream=0> 96 MPEG-4 Audio LATM@48000 profileLevelId=30 configInBand=false streamMuxConfig=6:4000 config=2/48000/2",
  ]],
  ["gstreamer_publisher_savp", [
    "video SAVP keys=mikey AQAFAL3E <stream=0> 96 H264@90000 sps=29:67f4 pps=6:68eb packetizationMode=1",
  ]],
  ["hikvision_camera", [
    "video <rtsp://192.168.1.64:554/Streaming/Channels/101/trackID=1> 96 H264@90000 sps=25:674d pps=5:68eb packetizationMode=1",
    "audio <rtsp://192.168.1.64:554/Streaming/Channels/101/trackID=2> 8 G711@8000 muLaw=false sampleRate=8000 channelCount=1",
  ]],
  ["hikvision_missing_pps", [
    "video <trackID=1> 96 H264@90000 sps=25:674d packetizationMode=1",
  ]],
  ["hikvision_nvr_playback", [
    "video <trackID=video> 96 H264@90000 packetizationMode=0",
    "audio <trackID=audio> 104 MPEG-4 Audio@16000 config=2/16000/1 sizeLength=13 indexLength=3 indexDeltaLength=3 profileLevelId=1",
  ]],
  ["latm_odd", [
    "audio <track1> 96 MPEG-4 Audio LATM@90000 profileLevelId=30 configInBand=true",
    "audio <track2> 97 MPEG-4 Audio LATM@44100 profileLevelId=30 bitrate=128000 configInBand=false streamMuxConfig=6:4000 config=2/44100/2",
    "audio <track3> 98 MPEG-4 Audio LATM@16000 profileLevelId=30 configInBand=false",
  ]],
  ["live555_multicast", [
    "video port=18888 <track1> 96 H264@90000 sps=25:674d pps=5:68eb packetizationMode=1",
  ]],
  ["live555_transport_stream", [
    "video <track1> 33 MPEG-TS@90000 rtpmap=MP2T/90000",
  ]],
  ["missing_clock_rate", [
    "video <track1> 96 H264@90000 packetizationMode=0",
    "audio <track2> 97 G711@8000 muLaw=false sampleRate=8000 channelCount=1",
    "audio <track3> 98 Generic@8000 rtpmap=L16",
    "audio <track4> 99 Opus@48000 channelCount=1",
    "application <track5> 100 Generic@90000 rtpmap=vnd.onvif.metadata",
    "audio <track6> 101 Generic@8000 rtpmap=AC3",
  ]],
  ["missing_rtpmap", [
    "video <track1> 96 Generic@90000",
    "video <track2> 97 H264@90000 sps=25:674d pps=5:68eb packetizationMode=1",
    "audio <track3> 3 Generic@8000",
    "audio <track4> 9 G722@8000",
    "audio <track5> 10 LPCM@44100 bitDepth=16 sampleRate=44100 channelCount=2 | 11 LPCM@44100 bitDepth=16 sampleRate=44100 channelCount=1",
    "audio <track6> 98 Generic@8000",
  ]],
  ["no_control", [
    "video <-> 96 AV1@90000 profile=0 levelIdx=8 tier=0",
  ]],
  ["no_origin_no_name_spaces", [
    "video <track1> 96 H264@90000 sps=25:674d pps=5:68eb packetizationMode=1",
  ]],
  ["onvif_three_medias", [
    "video <rtsp://192.168.0.1/video> 26 M-JPEG@90000",
    "audio <rtsp://192.168.0.1/audio> 0 G711@8000 muLaw=true sampleRate=8000 channelCount=1",
    "audio back <rtsp://192.168.0.1/audioback> 0 G711@8000 muLaw=true sampleRate=8000 channelCount=1",
  ]],
  ["other_sections", [
    "application <track1> 98 Generic@1000 rtpmap=t140/1000",
    "video <track4> 96 VP8@90000",
    "video <track5> 97 VP9@90000 profileId=1",
  ]],
  ["reolink_camera", [
    "video <track1> 96 H265@90000 vps=23:4001 sps=44:4201 pps=8:4401",
    "audio <track2> 97 MPEG-4 Audio@16000 config=2/16000/1 sizeLength=13 indexLength=3 indexDeltaLength=3 profileLevelId=1",
  ]],
  ["repeated_medias", [
    "video <track1> 96 H264@90000 packetizationMode=0",
    "video <track2> 96 H264@90000 packetizationMode=0",
  ]],
  ["savpf_session_keys", [
    "video SAVP keys=mikey AQAFAA== <track1> 96 VP8@90000",
    "audio SAVP keys=mikey AQAFAB== <track2> 8 G711@8000 muLaw=false sampleRate=8000 channelCount=1",
  ]],
  ["several_formats", [
    "video <track1> 96 VP8@90000 | 98 Generic@90000 rtpmap=rtx/90000 fmtp=apt=96 | 99 MPEG-TS@90000 rtpmap=MP2T/90000 | 100 M-JPEG@90000",
    "audio <track2> 111 AC3@48000 sampleRate=48000 channelCount=6 | 112 Opus@48000 channelCount=6 | 113 FLAC@44100 rtpmap=FLAC/44100/2 | 114 Speex@16000 rtpmap=speex/16000 fmtp=vbr=on | 115 G726@8000 rtpmap=AAL2-G726-32/8000 | 116 KLV@90000 | 117 LPCM@96000 bitDepth=24 sampleRate=96000 channelCount=8",
  ]],
  ["start_codes_in_parameter_sets", [
    "video <track1> 96 H264@90000 sps=25:674d pps=5:68eb packetizationMode=1",
    "video <track2> 97 H264@90000 sps=25:674d pps=5:68eb packetizationMode=1",
  ]],
  ["tapo_camera_smart", [
    "video <track1> 96 H264@90000 sps=25:674d pps=5:68eb packetizationMode=1",
    "audio <track2> 8 G711@8000 muLaw=false sampleRate=8000 channelCount=1",
    "application <track3> 95 Generic@90000 rtpmap=TP-LINK/90000",
  ]],
  ["ubiquiti_camera", [
    "audio <trackID=1> 96 MPEG-4 Audio@16000 config=2/16000/1 sizeLength=13 indexLength=3 indexDeltaLength=3 profileLevelId=15",
    "video <trackID=2> 97 H264@90000 sps=25:674d pps=5:68eb packetizationMode=1",
  ]],
  ["uniview_empty_connection", [
    "video <rtsp://192.168.1.13/media/video1/video> 105 H264@90000 sps=25:674d pps=5:68eb packetizationMode=1",
    "application <rtsp://192.168.1.13/media/video1/metadata> 107 Generic@90000 rtpmap=vnd.onvif.metadata/90000 fmtp=DecoderTag=h3c-v3 RTCP=0",
  ]],
  ["vlc_server", [
    "audio <rtsp://192.168.1.5:8554/trackID=0> 14 MPEG-1/2 Audio@90000",
    "video <rtsp://192.168.1.5:8554/trackID=1> 32 MPEG-1/2 Video@90000",
  ]],
  ["wowza", [
    "audio <trackID=1> 96 MPEG-4 Audio@48000 config=2/48000/2 sizeLength=13 indexLength=3 indexDeltaLength=3 profileLevelId=1",
    "video <trackID=2> 97 H264@90000 sps=25:674d pps=5:68eb packetizationMode=1",
  ]],
  ["wrong_payload_type_in_rtpmap", [
    "video <track1> 35 H264@90000 packetizationMode=1",
  ]],
];
