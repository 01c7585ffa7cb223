#!/bin/sh
# GNU parallel runs an experiment over 2000 seeds in 4 shards, on the machines that the file machines lists.
# Each line of that file is a name for ssh; a colon is this machine. Each one needs ringside.
# parallel copies the result of each shard back and deletes it there.
# For more shards, change the 4 and the numbers at the end of the line.
# When all shards are here, run:  ringside lab --merge lab-*.json
parallel --sshloginfile machines --return lab-{}.json --cleanup ringside lab balance --seeds 2000 --shard {}/4 --out lab-{}.json ::: 1 2 3 4
