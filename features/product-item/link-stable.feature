@product-item/link-stable
Feature: A product and its item stay one pair, whatever happens to either

  @id:match-key @req:23 @req:68
  Scenario: A product that both systems know already is linked, not doubled
    Given a Customerp Product with
      | property | value      |
      | sku      | SITE-VISIT |
      | name     | Site visit |
    And an Invoiced Item with
      | property  | value            |
      | id        | SITE-VISIT       |
      | name      | Site visit       |
      | unit_cost | (its unitPrice)  |
      | currency  | (its currency)   |
    When the sync comes to rest
    Then it has exactly one counterpart in Invoiced
    And there is 1 Item in Invoiced
    And one more round writes nothing

  @id:other-case @req:26
  Scenario: Keys that differ in their letters' case are two products
    Given a Customerp Product with
      | property | value      |
      | sku      | SITE-VISIT |
    And an Invoiced Item with
      | property | value      |
      | id       | site-visit |
      | name     | (its name) |
    When the sync comes to rest
    Then it has exactly one counterpart in Invoiced
    And there are 2 Items in Invoiced
    And one more round writes nothing

  @id:renamed @req:28
  Scenario: The link survives a change of name on either side
    Given a Customerp Product linked with its Invoiced Item
    When name is set to Inspection in Customerp
    And the sync comes to rest
    And name is set to Full inspection in Invoiced
    And the sync comes to rest
    Then it is still linked with the same Invoiced Item
    And name in Customerp is Full inspection
    And there is 1 Item in Invoiced
    And one more round writes nothing

  @id:memory-lost @req:9 @req:23 @req:29
  Scenario: A sync that has lost its memory finds the pair again
    Given a Customerp Product linked with its Invoiced Item
    When the sync has lost its memory
    And the sync comes to rest
    Then it is still linked with the same Invoiced Item
    And there is 1 Item in Invoiced
    And nothing else has changed on either side
    And one more round writes nothing

  @id:different-properties @req:66
  Scenario: Edits of different properties on both sides both survive
    Given a Customerp Product linked with its Invoiced Item
    When description is set to Half a day in Customerp
    And name is set to Inspection in Invoiced
    And the sync comes to rest
    Then description in Invoiced is Half a day
    And name in Customerp is Inspection
    And nothing else has changed on either side
    And one more round writes nothing

  @id:same-property @req:67
  Scenario Outline: Of two edits of one property Customerp's stands, for products are its own: <case>
    Given a Customerp Product linked with its Invoiced Item
    When name is set to <one> in <first>
    And name is set to <other> in <second>
    And the sync comes to rest
    Then name in Customerp is Theirs
    And name in Invoiced is Theirs
    And the sync reports a conflict on name, won by Customerp
    And nothing else has changed on either side
    And one more round writes nothing

    Examples: both orders
      | case            | one    | first     | other  | second    |
      | invoiced later  | Theirs | Customerp | Ours   | Invoiced  |
      | customerp later | Ours   | Invoiced  | Theirs | Customerp |
