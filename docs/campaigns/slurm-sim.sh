#!/bin/sh
#SBATCH --job-name=ringside-sim
#SBATCH --array=1-4
#SBATCH --cpus-per-task=4
# A Slurm array runs a campaign of 20000 seeds in 4 tasks:  sbatch slurm-sim.sh
# Each task does one shard and writes it to the folder from which the array was submitted.
# The folder must be one that all machines share. For more tasks, change both numbers 4.
# A task that failed is repeated alone:  sbatch --array=3 slurm-sim.sh
# When all tasks have ended, run in that folder:  ringside sim --merge sim-*.json
ringside sim --seeds 20000 \
  --shard "$SLURM_ARRAY_TASK_ID/4" \
  --out "sim-$SLURM_ARRAY_TASK_ID.json"
