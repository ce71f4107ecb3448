"""The part of GitHub's GraphQL schema that the twin serves, in names and types as GitHub has them.

https://docs.github.com/en/graphql/reference
"""

from __future__ import annotations

from graphql import build_schema

SDL = """
scalar Date
scalar DateTime
scalar GitObjectID
scalar URI

enum CheckConclusionState {
  ACTION_REQUIRED CANCELLED FAILURE NEUTRAL SKIPPED STALE STARTUP_FAILURE SUCCESS TIMED_OUT
}
enum CheckStatusState { COMPLETED IN_PROGRESS PENDING QUEUED REQUESTED WAITING }
enum IssueOrderField { COMMENTS CREATED_AT UPDATED_AT }
enum IssueState { CLOSED OPEN }
enum IssueStateReason { COMPLETED DUPLICATE NOT_PLANNED REOPENED }
enum MergeStateStatus { BEHIND BLOCKED CLEAN DIRTY DRAFT HAS_HOOKS UNKNOWN UNSTABLE }
enum MergeableState { CONFLICTING MERGEABLE UNKNOWN }
enum OrderDirection { ASC DESC }
enum PullRequestReviewDecision { APPROVED CHANGES_REQUESTED REVIEW_REQUIRED }
enum PullRequestReviewState { APPROVED CHANGES_REQUESTED COMMENTED DISMISSED PENDING }
enum PullRequestState { CLOSED MERGED OPEN }
enum StatusState { ERROR EXPECTED FAILURE PENDING SUCCESS }

interface Node { id: ID! }
interface Actor { login: String! url: URI! }
interface GitObject { id: ID! oid: GitObjectID! abbreviatedOid: String! }
interface RequirableByPullRequest {
  isRequired(pullRequestId: ID, pullRequestNumber: Int): Boolean!
}
union StatusCheckRollupContext = CheckRun | StatusContext
union IssueOrPullRequest = Issue | PullRequest

input IssueOrder { direction: OrderDirection! field: IssueOrderField! }
input MarkPullRequestReadyForReviewInput { clientMutationId: String pullRequestId: ID! }
input ConvertPullRequestToDraftInput { clientMutationId: String pullRequestId: ID! }

type PageInfo { endCursor: String hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String }
type RateLimit {
  cost: Int! limit: Int! nodeCount: Int! remaining: Int! resetAt: DateTime! used: Int!
}

type User implements Actor & Node { id: ID! databaseId: Int login: String! name: String url: URI! }
type Bot implements Actor & Node { id: ID! databaseId: Int login: String! url: URI! }
type UserConnection { nodes: [User] pageInfo: PageInfo! totalCount: Int! }
type Label implements Node { id: ID! name: String! color: String! description: String }
type LabelConnection { nodes: [Label] pageInfo: PageInfo! totalCount: Int! }
type Milestone implements Node { id: ID! number: Int! title: String! dueOn: DateTime }
type IssueComment implements Node {
  id: ID! databaseId: Int author: Actor body: String! createdAt: DateTime! updatedAt: DateTime! url: URI!
}
type IssueCommentConnection { nodes: [IssueComment] pageInfo: PageInfo! totalCount: Int! }

type Issue implements Node {
  id: ID!
  assignees(after: String, before: String, first: Int, last: Int): UserConnection!
  author: Actor
  blockedBy(after: String, before: String, first: Int, last: Int): IssueConnection!
  blocking(after: String, before: String, first: Int, last: Int): IssueConnection!
  body: String!
  closed: Boolean!
  closedAt: DateTime
  closedByPullRequestsReferences(
    after: String, before: String, first: Int, includeClosedPrs: Boolean = false, last: Int
  ): PullRequestConnection
  comments(after: String, before: String, first: Int, last: Int): IssueCommentConnection!
  createdAt: DateTime!
  databaseId: Int
  labels(after: String, before: String, first: Int, last: Int): LabelConnection
  milestone: Milestone
  number: Int!
  repository: Repository!
  state: IssueState!
  stateReason(enableDuplicate: Boolean = false): IssueStateReason
  title: String!
  updatedAt: DateTime!
  url: URI!
}
type IssueConnection { nodes: [Issue] pageInfo: PageInfo! totalCount: Int! }

type PullRequestReview implements Node {
  id: ID! author: Actor body: String! state: PullRequestReviewState! submittedAt: DateTime commit: Commit
}
type PullRequestReviewConnection { nodes: [PullRequestReview] pageInfo: PageInfo! totalCount: Int! }
type PullRequestCommit implements Node { id: ID! commit: Commit! }
type PullRequestCommitConnection { nodes: [PullRequestCommit] pageInfo: PageInfo! totalCount: Int! }

type PullRequest implements Node {
  id: ID!
  additions: Int!
  assignees(after: String, before: String, first: Int, last: Int): UserConnection!
  author: Actor
  baseRef: Ref
  baseRefName: String!
  baseRefOid: GitObjectID!
  body: String!
  changedFiles: Int!
  closed: Boolean!
  closedAt: DateTime
  closingIssuesReferences(after: String, before: String, first: Int, last: Int): IssueConnection
  comments(after: String, before: String, first: Int, last: Int): IssueCommentConnection!
  commits(after: String, before: String, first: Int, last: Int): PullRequestCommitConnection!
  createdAt: DateTime!
  databaseId: Int
  deletions: Int!
  headRef: Ref
  headRefName: String!
  headRefOid: GitObjectID!
  isCrossRepository: Boolean!
  isDraft: Boolean!
  labels(after: String, before: String, first: Int, last: Int): LabelConnection
  latestOpinionatedReviews(
    after: String, before: String, first: Int, last: Int, writersOnly: Boolean = false
  ): PullRequestReviewConnection
  mergeCommit: Commit
  mergeStateStatus: MergeStateStatus!
  mergeable: MergeableState!
  merged: Boolean!
  mergedAt: DateTime
  mergedBy: Actor
  milestone: Milestone
  number: Int!
  potentialMergeCommit: Commit
  repository: Repository!
  reviewDecision: PullRequestReviewDecision
  reviews(after: String, before: String, first: Int, last: Int): PullRequestReviewConnection
  state: PullRequestState!
  title: String!
  updatedAt: DateTime!
  url: URI!
}
type PullRequestConnection { nodes: [PullRequest] pageInfo: PageInfo! totalCount: Int! }

type App implements Node { id: ID! databaseId: Int name: String! slug: String! }
type Workflow implements Node { id: ID! name: String! }
type WorkflowRun implements Node { id: ID! workflow: Workflow! }
type CheckSuite implements Node {
  id: ID! app: App commit: Commit! status: CheckStatusState! conclusion: CheckConclusionState workflowRun: WorkflowRun
}
type CheckRun implements Node & RequirableByPullRequest {
  id: ID!
  checkSuite: CheckSuite!
  completedAt: DateTime
  conclusion: CheckConclusionState
  databaseId: Int
  detailsUrl: URI
  isRequired(pullRequestId: ID, pullRequestNumber: Int): Boolean!
  name: String!
  startedAt: DateTime
  status: CheckStatusState!
  summary: String
  title: String
  url: URI!
}
type StatusContext implements Node & RequirableByPullRequest {
  id: ID!
  context: String!
  createdAt: DateTime!
  creator: Actor
  description: String
  isRequired(pullRequestId: ID, pullRequestNumber: Int): Boolean!
  state: StatusState!
  targetUrl: URI
}
type StatusCheckRollupContextConnection {
  nodes: [StatusCheckRollupContext] pageInfo: PageInfo! totalCount: Int!
}
type StatusCheckRollup implements Node {
  id: ID!
  contexts(after: String, before: String, first: Int, last: Int): StatusCheckRollupContextConnection!
  state: StatusState!
}

type Tree implements GitObject & Node { id: ID! oid: GitObjectID! abbreviatedOid: String! }
type Blob implements GitObject & Node {
  id: ID!
  oid: GitObjectID!
  abbreviatedOid: String!
  byteSize: Int!
  isBinary: Boolean
  isTruncated: Boolean!
  text: String
}
type CommitConnection { nodes: [Commit] pageInfo: PageInfo! totalCount: Int! }
type Commit implements GitObject & Node {
  id: ID!
  oid: GitObjectID!
  abbreviatedOid: String!
  committedDate: DateTime!
  message: String!
  messageHeadline: String!
  parents(after: String, before: String, first: Int, last: Int): CommitConnection!
  statusCheckRollup: StatusCheckRollup
  tree: Tree!
  url: URI!
}
type Ref implements Node { id: ID! name: String! prefix: String! target: GitObject }

type Repository implements Node {
  id: ID!
  databaseId: Int
  defaultBranchRef: Ref
  isArchived: Boolean!
  isPrivate: Boolean!
  issue(number: Int!): Issue
  issueOrPullRequest(number: Int!): IssueOrPullRequest
  issues(
    after: String, before: String, first: Int, labels: [String!], last: Int,
    orderBy: IssueOrder, states: [IssueState!]
  ): IssueConnection!
  name: String!
  nameWithOwner: String!
  object(expression: String, oid: GitObjectID): GitObject
  pullRequest(number: Int!): PullRequest
  pullRequests(
    after: String, baseRefName: String, before: String, first: Int, headRefName: String, labels: [String!],
    last: Int, orderBy: IssueOrder, states: [PullRequestState!]
  ): PullRequestConnection!
  ref(qualifiedName: String!): Ref
  url: URI!
}

type MarkPullRequestReadyForReviewPayload { clientMutationId: String pullRequest: PullRequest }
type ConvertPullRequestToDraftPayload { clientMutationId: String pullRequest: PullRequest }

type Query {
  node(id: ID!): Node
  rateLimit(dryRun: Boolean = false): RateLimit
  repository(followRenames: Boolean = true, name: String!, owner: String!): Repository
  viewer: User!
}
type Mutation {
  convertPullRequestToDraft(input: ConvertPullRequestToDraftInput!): ConvertPullRequestToDraftPayload
  markPullRequestReadyForReview(input: MarkPullRequestReadyForReviewInput!): MarkPullRequestReadyForReviewPayload
}
"""
SCHEMA = build_schema(SDL)
