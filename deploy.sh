#!/usr/bin/env bash
# Deploys dist/valine-lambda.zip, exactly that file, and tries what it deployed.
#
#   ./deploy.sh [--yes | --no] [dev | prod] [Parameter=Value …]
#
# dev unless told otherwise. Settings come from the environment, and from .env.dev or .env.prod (else .env) for what it
# lacks; the stack's name and region from samconfig.toml; a Parameter of template.yaml keeps its value once given. In the
# end it offers to register the slash commands and to set the interactions endpoint: --yes does both without asking
# (and without asking whether to deploy), --no neither. Whatever is missing is told before anything is changed.
set -euo pipefail
cd "$(dirname "$0")"

package=dist/valine-lambda.zip
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

say() { printf 'deploy: %s\n' "$*" >&2; }
fail() {
    say "$*"
    exit 1
}

# --- What was asked for ----------------------------------------------------------------------------------------------

target=dev answer=ask given=()
for word in "$@"; do
    case $word in
        dev | prod) target=$word ;;
        --yes) answer=yes ;;
        --no) answer=no ;;
        [A-Z]*=*) given+=("$word") ;;
        *)
            say "$word is not understood. Usage: ./deploy.sh [--yes | --no] [dev | prod] [Parameter=Value …]"
            exit 2
            ;;
    esac
done
file=.env.$target
[[ -f $file ]] || file=.env

setting() { # NAME: its value, from the environment or the file; nothing if it has none
    local value=${!1:-}
    if [[ -z $value && -f $file ]]; then
        value=$(sed -nE "s/^[[:space:]]*(export[[:space:]]+)?$1[[:space:]]*=[[:space:]]*//p" "$file" | tail -n 1)
        value=$(sed -E "s/[[:space:]]+#.*$//; s/[[:space:]]+$//; s/^'(.*)'$/\1/; s/^\"(.*)\"$/\1/" <<<"$value")
    fi
    printf '%s' "$value"
}

# --- Before anything is changed: tools, the package, the configuration, credentials, secrets -------------------------

for tool in aws curl python3; do
    command -v "$tool" >/dev/null || fail "there is no $tool here: install it, then call again."
done
sam=(sam)
command -v sam >/dev/null || sam=(./dev tool sam) # as requirements/tools/sam.txt has it

[[ -f $package ]] || fail "there is no $package: ./dev build makes it."
made_for=$(python3 -c 'import sys, zipfile; print(zipfile.ZipFile(sys.argv[1]).comment.decode())' "$package") ||
    fail "$package is damaged: ./dev build makes it anew."
[[ $made_for == '{"arch": "arm64", "python": "3.13"}' ]] ||
    fail "$package is for $made_for, and template.yaml asks for arm64 and Python 3.13: ./dev build makes that."
newer=$(find src requirements/lambda.txt -type f ! -name '*.pyc' -newer "$package" -print -quit)
[[ -z $newer ]] || fail "$newer is newer than $package: ./dev build makes it anew."

[[ -f samconfig.toml ]] || fail "there is no samconfig.toml: cp samconfig.toml.example samconfig.toml, and look at it."
read -r stack region < <(
    python3 - "$target" <<'PYTHON'
import sys, tomllib

with open("samconfig.toml", "rb") as file:
    found = tomllib.load(file).get(sys.argv[1], {}).get("deploy", {}).get("parameters", {})
print(found.get("stack_name", "-"), found.get("region", "-"))
PYTHON
) || fail "samconfig.toml cannot be read (the line above): mend it (Python 3.11 or newer reads it)."
[[ $stack != - ]] || fail "samconfig.toml has no stack_name under [$target.deploy.parameters]: samconfig.toml.example has."
region=${AWS_REGION:-${AWS_DEFAULT_REGION:-$region}}
[[ $region != - ]] || fail "no region is known: set AWS_REGION, or region under [$target.deploy.parameters]."
export AWS_REGION=$region AWS_DEFAULT_REGION=$region AWS_PAGER="" SAM_CLI_TELEMETRY=0

missing=()
for name in DISCORD_APPLICATION_ID DISCORD_PUBLIC_KEY DISCORD_GUILD_ID GITHUB_REPOSITORY VALINE_SECRETS_PREFIX; do
    [[ -n $(setting "$name") ]] || missing+=("$name")
done
((${#missing[@]} == 0)) || fail "missing in the environment and in $file: ${missing[*]}. .env.example says what they are."
prefix=$(setting VALINE_SECRETS_PREFIX)
app_id=$(setting GITHUB_APP_ID)

account=$(aws sts get-caller-identity --query Account --output text) ||
    fail "AWS does not know you (the line above): sign in (aws sso login), or set AWS_PROFILE."

wanted=(DISCORD_BOT_TOKEN GITHUB_WEBHOOK_SECRET)
if [[ -n $app_id ]]; then wanted+=(GITHUB_APP_PRIVATE_KEY); else wanted+=(GITHUB_TOKEN); fi
secret_arn=
case $prefix in
    secretsmanager:*)
        secret_arn=$(aws secretsmanager describe-secret --secret-id "${prefix#*:}" --query ARN --output text) ||
            fail "Secrets Manager has no ${prefix#*:} in $region (the line above): make it, a JSON object with ${wanted[*]}."
        lacks=$(aws secretsmanager get-secret-value --secret-id "$secret_arn" --query SecretString --output text |
            python3 -c 'import json, sys
held = json.load(sys.stdin)
print(*(name for name in sys.argv[1:] if not str(held.get(name) or "").strip()))' "${wanted[@]}" 2>/dev/null) ||
            fail "the secret ${prefix#*:} could not be read (above is why), or is no JSON object of texts."
        [[ -z $lacks ]] || fail "the secret ${prefix#*:} lacks $lacks: add it to its JSON object."
        ;;
    /*)
        prefix=${prefix%/}
        there=$(aws ssm get-parameters --names "${wanted[@]/#/$prefix/}" --query 'Parameters[].[Name,Type]' --output text) ||
            fail "the names of the secrets under $prefix could not be read (the line above)."
        missing=()
        for name in "${wanted[@]}"; do
            grep -qE "^${prefix}/${name}[[:space:]]+SecureString\$" <<<"$there" || missing+=("$name")
        done
        if ((${#missing[@]} > 0)); then
            say "under $prefix in $region these are missing, or are no SecureString: ${missing[*]}. Put each there:"
            say "  aws ssm put-parameter --region $region --type SecureString --name $prefix/NAME --value file://FILE"
            exit 1
        fi
        ;;
    *) fail "VALINE_SECRETS_PREFIX is $prefix: it must be a path such as /valine/$target, or secretsmanager:NAME." ;;
esac

# --- The deployment --------------------------------------------------------------------------------------------------

parameters=()
parameter() { parameters+=("$1=\"$2\""); } # NAME VALUE; sam takes an empty value only in quotes
parameter EnvironmentName "$target"
parameter DiscordApplicationId "$(setting DISCORD_APPLICATION_ID)"
parameter DiscordPublicKey "$(setting DISCORD_PUBLIC_KEY)"
parameter DiscordGuildId "$(setting DISCORD_GUILD_ID)"
parameter GitHubRepository "$(setting GITHUB_REPOSITORY)"
parameter GitHubAppId "$app_id"
parameter SecretsPrefix "$prefix"
parameter SecretArn "$secret_arn"
for pair in DiscordApiUrl:DISCORD_API_URL GitHubApiUrl:GITHUB_API_URL WriteInterval:VALINE_WRITE_INTERVAL; do
    value=$(setting "${pair#*:}")
    [[ -z $value ]] || parameter "${pair%%:*}" "$value"
done
options=(--template-file template.yaml --config-file "$PWD/samconfig.toml" --config-env "$target" --region "$region")
options+=(--no-fail-on-empty-changeset)
[[ $answer == ask && -t 0 ]] || options+=(--no-confirm-changeset)

say "deploying $package to stack $stack, account $account, $region…"
"${sam[@]}" deploy "${options[@]}" --parameter-overrides "${parameters[@]}" ${given[@]+"${given[@]}"} ||
    fail "the stack was not deployed (above is why). CloudFormation has put back what it had changed."

aws cloudformation describe-stacks --stack-name "$stack" --query 'Stacks[0].Outputs[].[OutputKey,OutputValue]' \
    --output text >"$scratch/outputs" || fail "stack $stack was deployed, but its outputs could not be read (above)."
sed 's/^/  /' "$scratch/outputs"
output() { awk -v key="$1" '$1 == key { print $2; found = 1 } END { exit !found }' "$scratch/outputs" ||
    fail "stack $stack has no output $1: is its name in samconfig.toml that of another stack?"; }
discord_url=$(output DiscordWebhookUrl)
health_url=$(output HealthUrl)

# --- Is it what we built, and does it answer? ------------------------------------------------------------------------

ours=$(python3 -c 'import base64, hashlib, sys
print(base64.b64encode(hashlib.sha256(open(sys.argv[1], "rb").read()).digest()).decode())' "$package")
for key in DiscordHandlerFunctionName GitHubWebhookFunctionName WorkerFunctionName ClockFunctionName; do
    function=$(output "$key")
    runs=$(aws lambda get-function-configuration --function-name "$function" --query CodeSha256 --output text) ||
        fail "$function was deployed, but could not be looked at (above)."
    [[ $runs == "$ours" ]] || fail "$function runs other code than $package ($runs, not $ours): deploy again."
done

code_of() { # what curl is told: the status, 000 where nothing answered
    curl --silent --show-error --max-time 15 --output "$scratch/body" --write-out '%{http_code}' "$@" || true
}
for _ in 1 2 3 4 5; do # a new API takes a moment to be known everywhere
    health=$(code_of "$health_url")
    [[ $health != 200 ]] || break
    sleep 3
done
[[ $health == 200 ]] ||
    fail "$health_url answers $health, not 200. aws logs tail /aws/lambda/valine-orchestrator-github-$target tells why."
forged=$(code_of --header "X-Signature-Ed25519: $(printf '0%.0s' {1..128})" \
    --header "X-Signature-Timestamp: $(date +%s)" --header 'Content-Type: application/json' \
    --data '{"type":1}' "$discord_url")
[[ $forged == 401 ]] ||
    fail "a PING with a wrong signature was answered $forged, not 401: Discord would refuse this endpoint." \
        "aws logs tail /aws/lambda/valine-orchestrator-discord-$target tells why."
printf '{"Records":[]}' >"$scratch/nothing"
for key in WorkerFunctionName ClockFunctionName; do # they have no door: whether they start is seen by calling them
    function=$(output "$key")
    broken=$(aws lambda invoke --function-name "$function" --payload "fileb://$scratch/nothing" \
        --query FunctionError --output text "$scratch/body") ||
        fail "$function was deployed, but could not be called (above is why)."
    [[ $broken == None ]] ||
        fail "$function does not work: $(head -c 500 "$scratch/body"). aws logs tail /aws/lambda/$function tells more."
done
say "it is healthy, it runs what was built, it refuses a wrong signature, and worker and clock start."

# --- Discord's side --------------------------------------------------------------------------------------------------

wants() { # QUESTION, what to do by hand: whether it is wanted
    case $answer in
        yes) return 0 ;;
        no) return 1 ;;
    esac
    if [[ ! -t 0 ]]; then
        say "$2"
        return 1
    fi
    local reply
    read -r -p "$1 [y/N] " reply
    [[ $reply == [yY]* ]]
}

bot_token() {
    local name=DISCORD_BOT_TOKEN
    if [[ -n $secret_arn ]]; then
        aws secretsmanager get-secret-value --secret-id "$secret_arn" --query SecretString --output text |
            python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$name"
    else
        aws ssm get-parameter --name "$prefix/$name" --with-decryption --query Parameter.Value --output text
    fi
}

by_hand=./register_discord_commands.sh
[[ ! -f $file ]] || by_hand+=" --env $file"
if wants "Register the slash commands with Discord now?" "to register the commands: $by_hand"; then
    DISCORD_BOT_TOKEN=$(bot_token) || fail "the bot's token could not be read (above): nothing was registered."
    export DISCORD_BOT_TOKEN
    for name in DISCORD_APPLICATION_ID DISCORD_GUILD_ID DISCORD_API_URL; do # from $file, which may not be .env
        value=$(setting "$name")
        export "$name=$value"
    done
    ./register_discord_commands.sh || fail "the deployment stands; only the commands are missing (above is why)."
fi

if wants "Set $discord_url as the interactions endpoint now?" "the interactions endpoint to set: $discord_url"; then
    token=$(bot_token) || fail "the bot's token could not be read (above): the endpoint was not set."
    api=$(setting DISCORD_API_URL)
    # The token goes in by a pipe: other people's programs can read a command line.
    status=$(printf 'header = "Authorization: Bot %s"\n' "$token" | code_of --config - --request PATCH \
        --header 'Content-Type: application/json' --header 'User-Agent: DiscordBot (https://github.com, 1)' \
        --data "{\"interactions_endpoint_url\":\"$discord_url\"}" "${api:-https://discord.com/api/v10}/applications/@me")
    case $status in
        200) say "Discord sends interactions to $discord_url now." ;;
        401) fail "Discord does not accept the bot's token: put the right one under $prefix, then call again." ;;
        *) fail "Discord did not take the endpoint ($status): $(head -c 500 "$scratch/body"). Nothing else is missing." ;;
    esac
fi
