"""The world as a test or a demonstration drives it: act as a person, as the web pages and git would, and look at what is there."""

from __future__ import annotations

from deploy.demo.github.actions import checks, comments, merge_queue, merging, pulls, pushes
from deploy.demo.github.bare import Signature
from deploy.demo.github.records import App, CheckRun, CheckSuite, Comment, Issue, Json, Pull, Repo, User
from deploy.demo.github.scenery import EVENTS, PERMISSIONS, Files, Scenery, as_bytes, shared_keys

__all__ = ["EVENTS", "PERMISSIONS", "World", "shared_keys"]


class World(Scenery):
    """What people do; every method holds the lock and returns the live record, whose fields may be read at any time."""

    # -- acting as a person

    def push(
        self,
        repo: Repo,
        user: User,
        branch: str,
        files: Files,
        message: str = "Change files",
        *,
        start: str | None = None,
        author: Signature | User | None = None,
        committer: Signature | User | None = None,
    ) -> str:
        """One commit with these files, pushed by `user`, who may differ from its author and committer; its SHA.

        A new branch starts at `start` (a branch or SHA; the default branch when left out).
        """
        with self.state.lock:
            parent = repo.git.tip(branch) or repo.git.resolve(start or repo.default_branch)
            sha = self._commit(repo, parent, files, message, author or user, committer or author or user)
            pushes.set_branch(self.hub, repo, branch, sha, user)
            return sha

    def merge_branch(
        self, repo: Repo, user: User, branch: str, other: str, files: Files | None = None, *, author: User | None = None
    ) -> str:
        """Merges `other` into `branch` and pushes that, as somebody does at home; `files` are changed in the merge commit itself."""
        with self.state.lock:
            tips = [repo.git.tip(branch) or "", repo.git.tip(other) or ""]
            texts = as_bytes(files or {}).items()
            changed = [("100644", path, None if text is None else repo.git.write_blob(text)) for path, text in texts]
            tree = repo.git.write_tree(repo.git.merge_tree(tips[0], tips[1]), changed)
            signature = self._signature(author or user)
            sha = repo.git.write_commit(tree, tips, f"Merge {other} into {branch}", signature, signature)
            pushes.set_branch(self.hub, repo, branch, sha, user)
            return sha

    def force_push(
        self,
        repo: Repo,
        user: User,
        branch: str,
        files: Files,
        message: str = "Rewrite",
        *,
        start: str | None = None,
        author: Signature | User | None = None,
    ) -> str:
        """Rewrites the branch: it becomes `start` (the default branch when left out) plus this one commit."""
        with self.state.lock:
            parent = repo.git.resolve(start or repo.default_branch)
            sha = self._commit(repo, parent, files, message, author or user, author or user)
            pushes.set_branch(self.hub, repo, branch, sha, user, force=True)
            return sha

    def delete_branch(self, repo: Repo, user: User, branch: str) -> None:
        with self.state.lock:
            pushes.delete_branch(self.hub, repo, branch, user)

    def open_pull(
        self,
        repo: Repo,
        author: User,
        *,
        head: str,
        base: str | None = None,
        title: str = "A change",
        body: str = "",
        draft: bool = False,
        head_repo: Repo | None = None,
    ) -> Pull:
        """From a branch of the repository itself, or of the fork `head_repo`."""
        new = pulls.NewPull(
            head_repo=head_repo or repo,
            head=head,
            base=base or repo.default_branch,
            title=title,
            body=body,
            draft=draft,
        )
        with self.state.lock:
            return pulls.open_pull(self.hub, repo, author, new)

    def open_issue(self, repo: Repo, author: User, title: str, body: str = "") -> Issue:
        """A plain issue, whose comments send events too."""
        with self.state.lock:
            return pulls.new_issue(self.hub, repo, author, title, body)

    def comment(self, on: Pull | Issue, user: User, body: str) -> Comment:
        with self.state.lock:
            return comments.create(self.hub, on.issue if isinstance(on, Pull) else on, user, body)

    def edit_comment(self, comment: Comment, user: User, body: str) -> None:
        with self.state.lock:
            comments.edit(self.hub, comment, user, body)

    def delete_comment(self, comment: Comment, user: User) -> None:
        with self.state.lock:
            comments.delete(self.hub, comment, user)

    def react(self, comment: Comment, user: User, content: str) -> None:
        with self.state.lock:
            comments.react(self.hub, comment, user, content)

    def merge(self, pull: Pull, user: User, method: str = "merge") -> str:
        with self.state.lock:
            return merging.merge(self.hub, pull, user, method=method)

    def close(self, pull: Pull, user: User) -> None:
        with self.state.lock:
            pulls.close(self.hub, pull, user)

    def reopen(self, pull: Pull, user: User) -> None:
        with self.state.lock:
            pulls.reopen(self.hub, pull, user)

    def edit_pull(
        self, pull: Pull, user: User, *, title: str | None = None, body: str | None = None, base: str | None = None
    ) -> None:
        with self.state.lock:
            pulls.edit(self.hub, pull, user, title=title, body=body, base=base)

    def set_draft(self, pull: Pull, user: User, *, draft: bool) -> None:
        with self.state.lock:
            pulls.set_draft(self.hub, pull, user, draft=draft)

    def rerequest_run(self, run: CheckRun, user: User) -> None:
        with self.state.lock:
            checks.rerequest_run(self.hub, run, user)

    def rerequest_suite(self, suite: CheckSuite, user: User) -> None:
        with self.state.lock:
            checks.rerequest_suite(self.hub, suite, user)

    def enqueue(self, pull: Pull, user: User) -> str:
        """Adds the pull to the merge queue; the SHA of its merge group comes back."""
        with self.state.lock:
            return merge_queue.add(self.hub, pull, user)

    def dequeue(self, pull: Pull, head: str, user: User, *, merged: bool) -> None:
        with self.state.lock:
            merge_queue.finish(self.hub, pull, head, user, merged=merged)

    def run_check(self, repo: Repo, app: App, sha: str, name: str, conclusion: str | None = "success") -> CheckRun:
        """A check run of some other App; without a conclusion it is still in progress."""
        ending: Json = {"status": "in_progress"} if conclusion is None else {"conclusion": conclusion}
        with self.state.lock:
            return checks.create(self.hub, repo, app, {"name": name, "head_sha": sha, **ending})

    # -- looking

    def comments(self, on: Pull | Issue) -> tuple[Comment, ...]:
        with self.state.lock:
            return self.state.comments_of(on.issue if isinstance(on, Pull) else on)

    def check_runs(self, repo: Repo, sha: str) -> tuple[CheckRun, ...]:
        with self.state.lock:
            return tuple(r for r in self.state.runs.values() if r.suite.repo is repo and r.suite.head_sha == sha)

    def read_file(self, repo: Repo, ref: str, path: str) -> bytes | None:
        with self.state.lock:
            sha = repo.git.resolve(ref)
            entry = repo.git.entry(sha, path) if sha else None
            found = repo.git.read(entry.sha) if entry else None
            return found[1] if found else None

    def wait_idle(self, timeout: float = 10.0) -> bool:
        """Waits until every delivery so far was answered."""
        return self.hub.deliveries.wait_idle(timeout)

    def _commit(
        self,
        repo: Repo,
        parent: str | None,
        files: Files,
        message: str,
        author: Signature | User,
        committer: Signature | User,
    ) -> str:
        return repo.git.commit_files(
            parent, as_bytes(files), message, self._signature(author), self._signature(committer)
        )

    def _signature(self, who: Signature | User) -> Signature:
        return who if isinstance(who, Signature) else self.hub.signature(who)
