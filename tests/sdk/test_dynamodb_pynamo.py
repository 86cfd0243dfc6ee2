"""PynamoDB's models: tables, indexes, updates and batches as it makes them."""

import pytest

pynamodb = pytest.importorskip("pynamodb")

from pynamodb.attributes import ListAttribute, NumberAttribute, UnicodeAttribute, UnicodeSetAttribute, VersionAttribute
from pynamodb.exceptions import PutError, UpdateError
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex
from pynamodb.models import Model


class ByAuthor(GlobalSecondaryIndex):
    class Meta:
        index_name = "by-author"
        projection = AllProjection()

    author = UnicodeAttribute(hash_key=True)
    year = NumberAttribute(range_key=True)


@pytest.fixture
def book(endpoint, name):
    class Book(Model):
        class Meta:
            table_name = name
            host = endpoint
            region = "us-east-1"
            aws_access_key_id = "test"
            aws_secret_access_key = "test"
            billing_mode = "PAY_PER_REQUEST"

        isbn = UnicodeAttribute(hash_key=True)
        author = UnicodeAttribute()
        year = NumberAttribute()
        tags = UnicodeSetAttribute(null=True)
        notes = ListAttribute(default=list)
        version = VersionAttribute()
        by_author = ByAuthor()

    Book.create_table(wait=True)
    yield Book
    Book.delete_table()
    assert not Book.exists()


def test_a_model_lives(book):
    with book.batch_write() as batch:
        for year in range(1990, 2020):
            batch.save(book(f"isbn-{year}", author="Ada", year=year, tags={"x"}))
    recent = book.by_author.query("Ada", ByAuthor.year >= 2010, scan_index_forward=False, limit=3)
    assert [it.year for it in recent] == [2019, 2018, 2017]
    one = book.get("isbn-2000")
    one.update(actions=[book.tags.add({"y"}), book.notes.set(book.notes.append(["read"])), book.year.set(book.year + 1)])
    again = book.get("isbn-2000", consistent_read=True)
    assert (again.tags, again.notes, again.year) == ({"x", "y"}, ["read"], 2001)
    assert book.count() == 30 and len(list(book.scan(book.year.between(1990, 1994)))) == 5


def test_versions_lock(book):
    book("isbn", author="Ada", year=1).save()
    mine, other = book.get("isbn"), book.get("isbn")
    mine.update(actions=[book.year.set(2)])
    with pytest.raises(UpdateError):
        other.update(actions=[book.year.set(3)])
    with pytest.raises(PutError) as caught:
        book("isbn", author="Bob", year=1).save(book.isbn.does_not_exist())
    assert caught.value.cause_response_code == "ConditionalCheckFailedException"
