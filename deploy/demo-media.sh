#!/usr/bin/env bash
# Makes a small HLS ladder with known defects: two renditions of 20 s, 640x360 and 320x180, MPEG-TS in segments of 2 s.
#
#   black    3.00 to  5.52 s
#   silence  7.00 to 11.50 s
#   freeze  12.00 to 16.00 s
#
#   demo-media.sh DIRECTORY
set -euo pipefail

dir=${1:?usage: demo-media.sh DIRECTORY}
[ ! -e "$dir/master.m3u8" ] || exit 0
mkdir -p "$dir"

# A flight into the Mandelbrot set moves everywhere and has no two equal frames. The loop filter repeats frame 300 for 100 frames (4 s at 25 fps).
picture="mandelbrot=size=640x360:rate=25:end_pts=4000:start_scale=2:end_scale=0.002,trim=duration=16"
picture+=",loop=loop=100:size=1:start=300,setpts=N/25/TB"
picture+=",drawbox=x=0:y=0:w=iw:h=ih:color=black:t=fill:enable='between(n,75,137)'"
channel="0.1*(random(%d)*2-1)*not(between(t,7,11.5))"
# shellcheck disable=SC2059
sound="aevalsrc='$(printf "$channel" 0)|$(printf "$channel" 1)':s=48000:d=20"

ffmpeg -v error -nostdin -y -f lavfi -i "$picture" -f lavfi -i "$sound" -t 20 \
	-filter_complex "[0:v]format=yuv420p,split[a][b];[b]scale=320x180[c]" \
	-map "[a]" -map 1:a -map "[c]" -map 1:a \
	-c:v libx264 -preset veryfast -b:v:0 1200k -b:v:1 400k -g 50 -keyint_min 50 -sc_threshold 0 -c:a aac -b:a 128k \
	-f hls -hls_time 2 -hls_list_size 0 -hls_playlist_type vod -hls_flags independent_segments \
	-hls_segment_filename "$dir/v%v-%03d.ts" -master_pl_name master.m3u8 \
	-var_stream_map "v:0,a:0 v:1,a:1" "$dir/v%v.m3u8"
