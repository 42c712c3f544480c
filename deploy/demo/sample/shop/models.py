"""What the shop stores."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    DateTime,
    Enum,
    ForeignKey,
    Identity,
    Index,
    Numeric,
    String,
    func,
    text,
    true,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """The schema."""


class Customer(Base):
    """Somebody who orders."""

    __tablename__ = "customers"
    __table_args__ = (
        CheckConstraint("tier IN ('standard', 'gold', 'staff')", name="ck_customers_tier"),
        Index("ix_customers_email_active", "email", unique=True, postgresql_where=text("active")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    email: Mapped[str] = mapped_column(String(320))
    tier: Mapped[str] = mapped_column(String(20), server_default="standard")
    active: Mapped[bool] = mapped_column(Boolean, server_default=true())


class Order(Base):
    """What somebody ordered."""

    __tablename__ = "orders"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id", name="fk_orders_customer"))
    status: Mapped[str] = mapped_column(Enum("open", "paid", "shipped", name="order_status"), server_default="open")
    total: Mapped[float] = mapped_column(Numeric(12, 2))
    placed_at: Mapped[str] = mapped_column(DateTime(timezone=True), server_default=func.now())
    changed_at: Mapped[str | None] = mapped_column(DateTime(timezone=True))
