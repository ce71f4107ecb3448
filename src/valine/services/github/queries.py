"""The GraphQL that Valine asks: three read-only documents, cut to the fields that are used.

https://docs.github.com/en/graphql/reference/objects. Cost is counted in nodes, so every list is bounded:
https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api#node-limit
"""

from __future__ import annotations

from collections.abc import Iterable

_COMMIT = "{ oid ... on Commit { tree { oid } } }"
_RATE = "rateLimit { cost remaining resetAt }"

_ISSUE = """
fragment IssueParts on Issue {
  number title body createdAt updatedAt state
  labels(first: 50) { nodes { name } }
  assignees(first: 10) { nodes { login } }
  milestone { title }
}"""

# Issue dependencies are younger than some GitHub Enterprise Servers, which refuse the whole query for the name.
_BLOCKED_BY = "blockedBy(first: 20) { nodes { number state repository { nameWithOwner } } }"


def plan(*, blocked_by: bool = True) -> str:
    """A page of 100 open issues with a label, oldest first, with the base and the policy of the repository.

    Variables: owner, name, label, after.
    """
    return f"""
query Plan($owner: String!, $name: String!, $label: String!, $after: String) {{
  {_RATE}
  repository(owner: $owner, name: $name) {{
    nameWithOwner url isArchived
    defaultBranchRef {{ name target {_COMMIT} }}
    policy: object(expression: "HEAD:.github/valine.toml") {{ ... on Blob {{ text isTruncated }} }}
    issues(
      first: 100, after: $after, labels: [$label], states: [OPEN], orderBy: {{field: CREATED_AT, direction: ASC}}
    ) {{
      pageInfo {{ hasNextPage endCursor }}
      nodes {{
        ...IssueParts
        {_BLOCKED_BY if blocked_by else ""}
        closedByPullRequestsReferences(first: 5, includeClosedPrs: false) {{
          nodes {{
            number state isDraft headRefName headRefOid baseRefName isCrossRepository
            author {{ login }} repository {{ nameWithOwner }}
          }}
        }}
      }}
    }}
  }}
}}
{_ISSUE}
"""


def _contexts(number: str, after: str = "") -> str:
    return f"""commits(last: 1) {{ nodes {{ commit {{ oid statusCheckRollup {{ contexts(first: 100{after}) {{
      pageInfo {{ hasNextPage endCursor }}
      nodes {{
        __typename
        ... on CheckRun {{
          databaseId name status conclusion startedAt completedAt detailsUrl isRequired(pullRequestNumber: {number})
          checkSuite {{ app {{ slug }} workflowRun {{ workflow {{ name }} }} }}
        }}
        ... on StatusContext {{ context state createdAt targetUrl isRequired(pullRequestNumber: {number}) }}
      }}
    }} }} }} }} }}"""


_PULL = """
fragment PullParts on PullRequest {
  number url state isDraft headRefName headRefOid baseRefName isCrossRepository
  mergeable mergeStateStatus reviewDecision changedFiles updatedAt
  mergeCommit { oid }
  potentialMergeCommit { oid tree { oid } parents(first: 2) { nodes { oid } } }
  author { login }
}"""


def work(issues: Iterable[int], pulls: Iterable[int]) -> str:
    """These issues (as i41) and pull requests (as p52) with their checks, and the base.

    Variables: owner, name, base.
    """
    asked_issues = [f"i{int(number)}: issue(number: {int(number)}) {{ ...IssueParts }}" for number in issues]
    asked_pulls = [
        f"p{int(number)}: pullRequest(number: {int(number)}) {{ ...PullParts {_contexts(str(int(number)))} }}"
        for number in pulls
    ]
    # A fragment that nothing uses makes the whole document invalid.
    fragments = (_ISSUE if asked_issues else "") + (_PULL if asked_pulls else "")
    asked = "\n    ".join([*asked_issues, *asked_pulls])
    return f"""
query Work($owner: String!, $name: String!, $base: String!) {{
  {_RATE}
  repository(owner: $owner, name: $name) {{
    ref(qualifiedName: $base) {{ target {_COMMIT} }}
    {asked}
  }}
}}
{fragments}
"""


def checks() -> str:
    """A further page of a pull request's checks. Variables: owner, name, number, after."""
    return f"""
query Checks($owner: String!, $name: String!, $number: Int!, $after: String!) {{
  {_RATE}
  repository(owner: $owner, name: $name) {{
    pullRequest(number: $number) {{ {_contexts("$number", ", after: $after")} }}
  }}
}}
"""
