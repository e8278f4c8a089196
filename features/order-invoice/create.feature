@order-invoice/create
Feature: Every new order of Customerp appears among Invoiced's invoices, exactly once

  @id:alone @req:8 @req:15
  Scenario: An order that is still a draft, without a line
    Given a Customerp Order with
      | property | value |
      | status   | draft |
      | lines    | none  |
    When the sync comes to rest
    Then it has exactly one counterpart in Invoiced
    And status in Invoiced is draft
    And there is 1 Invoice in Invoiced
    And one more round writes nothing

  @id:with-everything @req:8 @req:19 @req:52
  Scenario: A confirmed order with every property filled and two lines
    Given a Customerp Order with
      | property                | value                |
      | number                  | SO-2026-0042         |
      | currency                | EUR                  |
      | orderDate               | 2026-03-02           |
      | dueDate                 | 2026-04-01           |
      | purchaseOrder           | PO-5531              |
      | notes                   | Deliver to gate B    |
      | status                  | confirmed            |
      | lines.1.description     | Cable, per metre     |
      | lines.1.quantity        | 2.5                  |
      | lines.1.unitPrice       | 18.345               |
      | lines.2.productId       | (a Product)          |
      | lines.2.description     | Half-day inspection  |
      | lines.2.quantity        | 3                    |
      | lines.2.unitPrice       | 120                  |
      | lines.2.discountPercent | 12.5                 |
    When the sync comes to rest
    Then it has exactly one counterpart in Invoiced
    And these values stand in Invoiced
      | property            | value               |
      | number              | SO-2026-0042        |
      | currency            | eur                 |
      | date                | 2026-03-02          |
      | due_date            | 2026-04-01          |
      | purchase_order      | PO-5531             |
      | notes               | Deliver to gate B   |
      | status              | not_sent            |
      | items.1.description | Cable, per metre    |
      | items.1.quantity    | 2.5                 |
      | items.1.unit_cost   | 18.345              |
      | items.1.discounts   | (nothing)           |
      | items.2.description | Half-day inspection |
      | items.2.quantity    | 3                   |
      | items.2.unit_cost   | 120                 |
      | items.2.discounts   | 12.5%               |
      | total               | 360.86              |
    And customer in Invoiced refers to the counterpart of its customerId
    And items.2.catalog_item in Invoiced refers to the counterpart of its lines.2.productId
    And total in Customerp is 360.86
    And one more round writes nothing

  @id:many @req:8
  Scenario: More orders than fit on one page
    Given 101 Customerp Orders
    When the sync comes to rest
    Then there are 101 Invoices in Invoiced
    And each of them has exactly one counterpart in Invoiced
    And one more round writes nothing

  @id:restarted @req:9
  Scenario: The sync is started again after the order has arrived
    Given a Customerp Order
    And the sync has come to rest
    When the sync is started again
    And the sync comes to rest
    Then it has exactly one counterpart in Invoiced
    And there is 1 Invoice in Invoiced
    And the sync has written nothing since

  @id:before-its-customer @req:20
  Scenario: An order whose customer has not arrived waits, and arrives after it
    Given a Customerp Customer with
      | property | value          |
      | email    | ap@localhost |
    And a Customerp Order
    When the sync comes to rest
    Then it has no counterpart in Invoiced
    And the sync reports waiting on customerId
    When email of the Customer is set to good@example.org in Customerp
    And the sync comes to rest
    Then it has exactly one counterpart in Invoiced
    And customer in Invoiced refers to the counterpart of its customerId
    And one more round writes nothing
