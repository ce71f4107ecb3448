"""One DynamoDB table of items that are found by `pk` and `sk`: what the run store and the queue ask of it.

Values are texts, whole numbers and bytes. Every read tells absence only from an answer, and every write is tried once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from valine.services.aws.client import call

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Value = str | int | bytes
Fields = dict[str, Value]

PAGE = 100  # items that one request asks an index for


@dataclass(frozen=True, kw_only=True)
class Put:
    """An item to store, under a condition that may mention `values` by their names."""

    item: Fields
    condition: str | None = None
    values: Mapping[str, Value] | None = None


class DynamoTable:
    """A table. Every method raises Busy, Conflict, TooLarge or StoreError, as aws.call() does."""

    def __init__(self, client: Any, name: str, page: int = PAGE) -> None:
        self._client = client
        self._name = name
        self._page = page

    async def get(self, pk: str, sk: str) -> Fields | None:
        """The item as it is now, or None."""
        answer = await call(
            self._client, "get_item", TableName=self._name, Key=_wire({"pk": pk, "sk": sk}), ConsistentRead=True
        )
        return _fields(answer["Item"]) if "Item" in answer else None

    async def put(self, put: Put) -> None:
        """Store one item. Raises Conflict if its condition does not hold."""
        await call(self._client, "put_item", **self._request(put))

    async def put_all(self, puts: Sequence[Put]) -> None:
        """Store all items or none. Raises Conflict if a condition does not hold, or another transaction is at them."""
        await call(self._client, "transact_write_items", TransactItems=[{"Put": self._request(put)} for put in puts])

    async def delete(self, pk: str, sk: str, condition: str | None = None, **values: Value) -> None:
        """Delete the item; one that is not there is no error. Raises Conflict if the condition does not hold."""
        request = {"TableName": self._name, "Key": _wire({"pk": pk, "sk": sk})}
        await call(self._client, "delete_item", **request, **_condition(condition, values))

    async def query(
        self,
        where: str,
        values: Mapping[str, Value],
        *,
        index: str | None = None,
        descending: bool = False,
        limit: int | None = None,
    ) -> list[Fields]:
        """The items whose keys are `where`, in the order of the sort key, all of them or the first `limit`.

        Read page by page. The table itself is read as it is now, an index as it was a moment ago.
        """
        request: dict[str, Any] = {
            "TableName": self._name,
            "KeyConditionExpression": where,
            "ExpressionAttributeValues": _named(values),
            "ScanIndexForward": not descending,
            "Limit": self._page,
        }
        request |= {"IndexName": index} if index else {"ConsistentRead": True}
        found: list[Fields] = []
        while limit is None or len(found) < limit:
            answer = await call(self._client, "query", **request)
            found += (_fields(item) for item in answer["Items"])
            if "LastEvaluatedKey" not in answer:
                break
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
        return found[:limit]

    def _request(self, put: Put) -> dict[str, Any]:
        return {"TableName": self._name, "Item": _wire(put.item)} | _condition(put.condition, put.values or {})


def _condition(condition: str | None, values: Mapping[str, Value]) -> dict[str, Any]:
    request: dict[str, Any] = {"ConditionExpression": condition} if condition else {}
    return request | ({"ExpressionAttributeValues": _named(values)} if values else {})


def _named(values: Mapping[str, Value]) -> dict[str, dict[str, Any]]:
    return _wire({f":{name}": value for name, value in values.items()})


# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_AttributeValue.html
def _wire(fields: Fields) -> dict[str, dict[str, Any]]:
    return {name: _typed(value) for name, value in fields.items()}


def _typed(value: Value) -> dict[str, Any]:
    if isinstance(value, str):
        return {"S": value}
    return {"B": value} if isinstance(value, bytes) else {"N": str(value)}


def _fields(item: dict[str, dict[str, Any]]) -> Fields:
    found: Fields = {}
    for name, typed in item.items():
        ((kind, value),) = typed.items()
        found[name] = int(value) if kind == "N" else value
    return found
