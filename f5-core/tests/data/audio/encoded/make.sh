#!/usr/bin/env bash
# Makes the recordings of this folder from ../short_16k_mono.wav: its second from 0.5 s on, in every
# format that feature `symphonia` reads. Made with FFmpeg 5.1.9.
set -euo pipefail
cd "$(dirname "$0")"
encode() { ffmpeg -v error -y -ss 0.5 -t 1 -i ../short_16k_mono.wav -map_metadata -1 -bitexact "$@"; }
encode -c:a flac -compression_level 12 voice.flac
# 24 bits whose lowest byte is not zero.
encode -af "volume=0.7:precision=double" -sample_fmt s32 -c:a flac -bits_per_raw_sample 24 voice_24.flac
encode -af "volume=0.7:precision=double" -c:a pcm_s24le voice_24.wav
encode -c:a libmp3lame -b:a 48k -metadata title="A voice" -id3v2_version 3 voice.mp3
encode -c:a libmp3lame -b:a 64k -af "pan=stereo|c0=c0|c1=0.5*c0" voice_stereo.mp3
encode -c:a libvorbis -q:a 4 voice.ogg
encode -c:a aac -b:a 48k voice.m4a
encode -c:a aac -b:a 48k voice.aac
encode -c:a alac voice_alac.m4a
encode -c:a pcm_alaw voice_alaw.wav
encode -c:a libopus -b:a 16k voice.opus
