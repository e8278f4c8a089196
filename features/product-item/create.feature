@product-item/create
Feature: Every new product of Customerp appears among Invoiced's items, exactly once

  @id:alone @req:8 @req:15 @req:21
  Scenario: A product with nothing but what is required
    Given a Customerp Product
    When the sync comes to rest
    Then it has exactly one counterpart in Invoiced
    And there is 1 Item in Invoiced
    And one more round writes nothing

  @id:with-everything @req:8 @req:52
  Scenario: A product with every property filled
    Given a Customerp Product with
      | property     | value                   |
      | sku          | SITE-visit_1            |
      | name         | Site visit              |
      | description  | Half-day inspection     |
      | category     | service                 |
      | unitPrice    | 18.345                  |
      | currency     | EUR                     |
      | discontinued | no                      |
    When the sync comes to rest
    Then it has exactly one counterpart in Invoiced
    And these values stand in Invoiced
      | property    | value               |
      | id          | SITE-visit_1        |
      | name        | Site visit          |
      | description | Half-day inspection |
      | type        | service             |
      | unit_cost   | 18.345              |
      | currency    | eur                 |
      | archived    | no                  |
    And one more round writes nothing

  @id:free
  Scenario: A product that costs nothing keeps its currency
    Given a Customerp Product with
      | property  | value |
      | unitPrice | 0     |
      | currency  | NOK   |
    When the sync comes to rest
    Then it has exactly one counterpart in Invoiced
    And unit_cost in Invoiced is 0
    And currency in Invoiced is nok
    And one more round writes nothing

  @id:many @req:8
  Scenario: More products than fit on one page
    Given 101 Customerp Products
    When the sync comes to rest
    Then there are 101 Items in Invoiced
    And each of them has exactly one counterpart in Invoiced
    And one more round writes nothing

  @id:restarted @req:9
  Scenario: The sync is started again after the product has arrived
    Given a Customerp Product
    And the sync has come to rest
    When the sync is started again
    And the sync comes to rest
    Then it has exactly one counterpart in Invoiced
    And there is 1 Item in Invoiced
    And the sync has written nothing since
